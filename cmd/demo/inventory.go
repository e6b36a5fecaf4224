package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// inventory is what entity events and changes have said so far.
type inventory struct {
	names    map[string]string // of accounts, and of APIs, by id
	entities map[string]*entity
	stages   map[string]*entity // by what their metrics have as service.instance.id
	changes  int
}

// entity is one resource.
type entity struct {
	place, kind, name string
	state             map[string]string // attributes and relations as JSON
	deployment        string            // that a stage runs
	gone              bool
}

func newInventory() *inventory {
	return &inventory{names: map[string]string{}, entities: map[string]*entity{}, stages: map[string]*entity{}}
}

// more are the attributes of a change that its body does not say.
func (r *record) more() string {
	var out []string
	for _, a := range r.Attributes {
		var v map[string]any // by its type
		_ = json.Unmarshal(a.Value, &v)
		for _, v := range v {
			if s := fmt.Sprint(v); !strings.Contains(r.Body.StringValue, s) {
				out = append(out, strings.TrimPrefix(a.Key, prefix)+" "+s)
			}
		}
	}
	if len(out) == 0 {
		return ""
	}
	return ", " + strings.Join(out, ", ")
}

// change is something that changed in the inventory, or an alarm that did.
type change struct {
	at    time.Time
	where string // by the account's name, and the region
	kind  string // what it is marked as, "" where it is the inventory alone that says so
	text  string
}

func (c *change) String() string {
	return fmt.Sprintf("  %s  %-18s  %s", c.at.Format(time.TimeOnly), escaped(c.where), escaped(c.text))
}

// add takes in a record. It returns what it changes, nil where that is nothing.
func (v *inventory) add(resource attributes, r *record) *change {
	place := resource.text(accountID) + " " + resource.text(region)
	c := &change{at: time.Unix(0, r.TimeUnixNano)}
	switch r.EventName {
	case "entity.state":
		c.text = v.state(place, r)
	case "entity.delete":
		if e := v.entities[key(place, r)]; e != nil && !e.gone {
			e.gone = true
			c.text = "deleted " + e.kind + " " + e.name
		}
	case alarmTransition:
		c.kind = "alarm"
		c.text = fmt.Sprintf("alarm %s: %s, was %s", r.Attributes.text(alarmName), r.Attributes.text(alarmIs), r.Attributes.text(alarmWas))
	default:
		v.changes++
		c.kind = strings.TrimPrefix(r.EventName, prefix)
		said := c.kind
		if stage := resource.text(stageName); stage != "" {
			said += " of " + resource.text(apiName) + "/" + stage
		}
		c.text = strings.TrimSpace(said + ": " + r.Body.StringValue + r.more())
	}
	if c.text == "" {
		return nil
	}
	c.where = v.where(place)
	return c
}

// key tells entities apart.
func key(place string, r *record) string {
	return place + " " + r.Attributes.text("entity.type") + string(r.Attributes.value("entity.id"))
}

// where is a place by the account's name.
func (v *inventory) where(place string) string {
	account, in, _ := strings.Cut(place, " ")
	return cmp.Or(v.names[account], account) + " " + in
}

// state takes in an entity's state.
func (v *inventory) state(place string, r *record) string {
	id, description := r.Attributes.below("entity.id"), r.Attributes.below("entity.description")
	e := &entity{place: place, kind: strings.TrimPrefix(r.Attributes.text("entity.type"), prefix), state: map[string]string{}}
	if e.kind == "api" {
		v.names[id.text(accountID)], v.names[id.text(apiID)] = description.text(accountName), description.text(apiName)
	}
	e.name, e.deployment = v.name(id, description), description.text(prefix+"deployment_id")
	for _, a := range description {
		e.state[strings.TrimPrefix(a.Key, prefix)] = string(a.Value)
	}
	if relations := r.Attributes.value("entity.relationships"); relations != nil {
		e.state["relationships"] = string(relations)
	}
	before := v.entities[key(place, r)]
	v.entities[key(place, r)] = e
	if e.kind == "stage" {
		v.stages[strings.Join([]string{id.text(accountID), id.text(region), id.text(apiID), id.text(stageName)}, "/")] = e
	}
	if before == nil || before.gone {
		return "new " + e.kind + " " + e.name
	}
	both := maps.Clone(before.state)
	maps.Copy(both, e.state)
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(both)) {
		if before.state[name] != e.state[name] {
			differ = append(differ, name)
		}
	}
	if len(differ) == 0 {
		return "" // reported again
	}
	return "changed " + e.kind + " " + e.name + ": " + strings.Join(differ, ", ")
}

// name is what a person calls an entity: the name it has, or what identifies it, below the name of its API.
func (v *inventory) name(id, description attributes) string {
	if name := description.text(prefix + "name"); name != "" {
		return name
	}
	var parts []string
	for _, a := range id {
		if a.Key != accountID && a.Key != region {
			part := id.text(a.Key)
			parts = append(parts, cmp.Or(v.names[part], part))
		}
	}
	return strings.Join(parts, "/")
}

// count is the number of entities of a kind, of all where it is "".
func (v *inventory) count(kind string) int {
	n := 0
	for _, e := range v.entities {
		if !e.gone && (kind == "" || e.kind == kind) {
			n++
		}
	}
	return n
}

// table shows how many entities of each kind there are in each account and region.
func (v *inventory) table() string {
	counts := map[string]map[string]int{}
	places := map[string]string{} // by how they are shown
	for _, e := range v.entities {
		if e.gone {
			continue
		}
		if counts[e.kind] == nil {
			counts[e.kind] = map[string]int{}
		}
		counts[e.kind][e.place]++
		places[v.where(e.place)] = e.place
	}
	shown := slices.Sorted(maps.Keys(places))
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "  entity\t%s\n", strings.Join(shown, "\t"))
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(w, "  %s", kind)
		for _, s := range shown {
			n := "-"
			if c := counts[kind][places[s]]; c > 0 {
				n = strconv.Itoa(c)
			}
			fmt.Fprintf(w, "\t%s", n)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // to memory
	return b.String()
}
