package awssim

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The alarms of the orders go to ALARM and back once in each incident of theirs, a little later than it; the others never change.
func TestDemoAlarmsFollowTheIncident(t *testing.T) {
	region := DemoWorld(noon).Accounts[0].Regions[0]
	incident := demoIncident(region.APIs)
	require.Positive(t, incident.Every)
	followers := 0
	for _, a := range region.Alarms {
		changes := a.Transitions(noon, noon.Add(3*incident.Every))
		if !strings.HasPrefix(a.Name, "orders-prod") {
			assert.Empty(t, changes, a.Name)
			assert.Equal(t, StateOK, a.State(noon), a.Name)
			continue
		}
		followers++
		require.Len(t, changes, 6, a.Name)
		for i, c := range changes {
			want, on := [2]string{StateOK, StateAlarm}, true
			if i%2 == 1 {
				want, on = [2]string{StateAlarm, StateOK}, false
			}
			assert.Equal(t, want, [2]string{c.Old, c.New}, a.Name)
			began := c.At.Add(-a.Lag)
			assert.NotEqual(t, on, incident.On(began.Add(-1)), a.Name)
			assert.Equal(t, on, incident.On(began), a.Name)
		}
	}
	assert.Equal(t, 3, followers)
}

// A composite alarm says what its rule says, but for the second that it takes to hear of it.
func TestDemoCompositeAlarmFollowsItsRule(t *testing.T) {
	states := map[string]*Alarm{}
	for _, a := range DemoWorld(noon).Accounts[0].Regions[0].Alarms {
		states[a.Name] = a
	}
	for at := noon; at.Before(noon.Add(time.Hour)); at = at.Add(time.Second) {
		want := StateOK
		if states["orders-prod-5xx"].State(at) == StateAlarm || states["orders-prod-latency-p90"].State(at) == StateAlarm {
			want = StateAlarm
		}
		require.Equal(t, want, states["orders-prod"].State(at.Add(time.Second)), at)
	}
}
