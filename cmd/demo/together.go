package main

import (
	"maps"
	"slices"
	"strings"
)

// apis are the ids of the APIs that a resource is of: several where CloudWatch has one series for the stages of all APIs of a name.
func (s *stage) apis() []string {
	parts := strings.SplitN(s.instance, "/", 4) // account, region, API ids and stage
	if len(parts) < 4 {
		return nil
	}
	return strings.Split(parts[2], ",")
}

// each is every stage for itself. What is of several APIs together is in the stage of each of them.
func (o *output) each() []*stage {
	found := map[string]*stage{}
	var shared []*stage
	for key, s := range o.stages {
		if len(s.apis()) > 1 {
			shared = append(shared, s)
		} else {
			found[key] = s
		}
	}
	for _, s := range shared {
		ids := s.apis()
		for _, id := range ids {
			one := newStage(nil)
			one.account, one.region, one.api, one.kind, one.name = s.account, s.region, s.api, s.kind, s.name
			one.instance = strings.Replace(s.instance, strings.Join(ids, ","), id, 1)
			if own := found[one.key()]; own != nil {
				*one = *own
				one.minutes = maps.Clone(own.minutes)
			}
			maps.Copy(one.minutes, s.minutes)
			one.requests, one.errors, one.seconds, one.timed = one.requests+s.requests, one.errors+s.errors, one.seconds+s.seconds, one.timed+s.timed
			one.together = max(one.together, len(ids))
			found[one.key()] = one
		}
	}
	return slices.Collect(maps.Values(found))
}
