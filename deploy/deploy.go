// Package deploy holds what it takes to run the collector: IAM policies, templates, manifests, units and images. Its tests check them.
package deploy
