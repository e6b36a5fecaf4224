//go:build !linux

package faults

import "errors"

func mount(string) error { return errors.ErrUnsupported }

func unmount(string) {}
