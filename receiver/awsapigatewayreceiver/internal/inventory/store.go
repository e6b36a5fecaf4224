package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/attr"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// What is stored of an inventory: a head, which says which APIs there are and when the last crawl began, and a value for each API and one for what
// belongs to none. Only what changed is written.

const snapshotVersion = 2

type storedHead struct {
	V int `json:"v"`
	// Account is the one that was read: a target's credentials may be another's at the next start. "" of collectors that did not say it.
	Account string    `json:"account,omitempty"`
	Taken   time.Time `json:"taken,omitzero"`
	// Began is when the newest crawl began.
	Began time.Time    `json:"began,omitzero"`
	APIs  []string     `json:"apis"`
	Gone  []storedGone `json:"gone,omitempty"`
	// Renamed are APIs by their former names.
	Renamed []Gone `json:"renamed,omitempty"`
}

type storedGone struct {
	Gone
	Stages []model.Stage `json:"stages,omitempty"`
}

type storedAPI struct {
	// By is the version of the collector that described the entities: another one may say more of them.
	By     string        `json:"by,omitempty"`
	API    *model.API    `json:"api,omitempty"` // nil for what belongs to none
	Known  bool          `json:"known,omitempty"`
	Stages []model.Stage `json:"stages,omitempty"`
	Left   []Left        `json:"left,omitempty"`
	Limits *Limits       `json:"limits,omitempty"`
	Parts  Parts         `json:"parts,omitempty"`
}

func (s *Snapshot) encodeHead(account string, began time.Time) ([]byte, error) {
	h := storedHead{V: snapshotVersion, Account: account, Taken: s.Taken, Renamed: s.Renamed, Began: began, APIs: make([]string, len(s.APIs))}
	for i := range s.APIs {
		h.APIs[i] = s.APIs[i].ID
	}
	for _, g := range s.Gone {
		h.Gone = append(h.Gone, storedGone{g, s.Stages[g.API.ID]})
	}
	return json.Marshal(h)
}

func (s *Snapshot) encodeAPI(id, by string) ([]byte, error) {
	v := storedAPI{By: by, Parts: s.Parts[id]}
	if id == "" {
		v.Limits = s.Limits
	} else {
		if e, ok := s.byID[id]; ok {
			v.API = e.api
		}
		v.Stages, v.Known = s.Stages[id]
		v.Left = s.Left[id]
	}
	return json.Marshal(v)
}

func decodeHead(b []byte) (*storedHead, error) {
	var h storedHead
	err := json.Unmarshal(b, &struct {
		V *int `json:"v"`
	}{&h.V}) // another version has other members
	if err == nil && h.V == snapshotVersion {
		err = json.Unmarshal(b, &h)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot decode the stored inventory: %w", err)
	}
	if h.V != snapshotVersion {
		return nil, fmt.Errorf("cannot decode the stored inventory: its version is %d, this program knows %d", h.V, snapshotVersion)
	}
	return &h, nil
}

func decodeAPI(id string, b []byte) (*storedAPI, error) {
	var v storedAPI
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, fmt.Errorf("cannot decode the stored inventory of %q: %w", id, err)
	}
	if id != "" && (v.API == nil || v.API.ID != id) {
		return nil, fmt.Errorf("cannot decode the stored inventory of %q: it is of another API", id)
	}
	for name, p := range v.Parts {
		if p == nil || len(p.Index)%indexEntry != 0 || !sorted(p) {
			return nil, fmt.Errorf("cannot decode the stored inventory of %q: part %q is broken", id, name)
		}
	}
	return &v, nil
}

func sorted(p *Part) bool {
	for i := 1; i < p.Len(); i++ {
		a, _ := p.entry(i - 1)
		if b, _ := p.entry(i); a >= b {
			return false
		}
	}
	return true
}

// restoreChunk is how many APIs are read from storage in one transaction.
const restoreChunk = 100

// Restore starts from the stored snapshot, if there is one of the target's account. What can't be decoded is crawled anew; the error says what.
func (inv *Inventory) Restore(ctx context.Context) error {
	b, err := inv.store.Get(ctx, inv.key)
	if err != nil || b == nil {
		return err
	}
	h, err := decodeHead(b)
	if err != nil {
		return err
	}
	if h.Account != "" && h.Account != inv.target.AccountID {
		return inv.remove(ctx, h)
	}
	s := &Snapshot{Taken: h.Taken, ListedREST: !h.Taken.IsZero(), Stages: map[string][]model.Stage{}, Parts: map[string]Parts{}, restored: map[string]bool{}, filter: inv.filter}
	var errs []error
	ids := append([]string{""}, h.APIs...)
	for chunk := range slices.Chunk(ids, restoreChunk) {
		keys := make([]string, len(chunk))
		for i, id := range chunk {
			keys[i] = inv.apiKey(id)
		}
		values, err := inv.store.GetAll(ctx, keys)
		if err != nil {
			return err
		}
		for i, id := range chunk {
			if values[i] == nil {
				continue
			}
			v, err := decodeAPI(id, values[i])
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if v.By != inv.version {
				v.Parts.forget()
			}
			s.restore(id, v)
		}
	}
	for _, g := range h.Gone {
		s.Gone = append(s.Gone, g.Gone)
		if g.Stages != nil {
			s.Stages[g.API.ID] = g.Stages
		}
	}
	s.Renamed = h.Renamed
	inv.began = h.Began
	refiltered := s.refilter()
	if !inv.config.APIKeys.Enabled && s.forgetKeys() {
		refiltered = append(refiltered, "")
	}
	inv.current.Store(s.index())
	close(inv.ready)
	if len(refiltered) > 0 {
		inv.save(ctx, s, refiltered)
	}
	return errors.Join(errs...)
}

// remove removes what is stored.
func (inv *Inventory) remove(ctx context.Context, h *storedHead) error {
	changes := map[string][]byte{inv.key: nil, inv.apiKey(""): nil}
	for _, id := range h.APIs {
		changes[inv.apiKey(id)] = nil
	}
	return inv.store.Apply(ctx, changes)
}

// refilter leaves out what was stored under another filter, without deleting it for anybody: APIs that are not wanted any more, and the stages of
// those of which other stages are wanted now, which are read anew. It returns the APIs that this changed.
func (s *Snapshot) refilter() []string {
	var changed []string
	for i := range s.APIs {
		a := &s.APIs[i]
		parts := s.Parts[a.ID]
		if len(parts) == 0 {
			continue
		}
		if !s.filter.API(a) {
			delete(s.Parts, a.ID)
			changed = append(changed, a.ID)
			continue
		}
		part := parts[partStages]
		if part != nil && slices.ContainsFunc(s.Stages[a.ID], func(st model.Stage) bool {
			key := KeyHash(attr.TypeStage, model.ID{attr.APIID: a.ID, attr.Stage: st.Name})
			return part.has(key) != s.filter.Stage(a, st.Name)
		}) {
			delete(parts, partStages)
			changed = append(changed, a.ID)
		}
	}
	return changed
}

// forgetKeys leaves out API keys, which nobody wants any more, without deleting them for anybody.
func (s *Snapshot) forgetKeys() (changed bool) {
	for name := range s.Parts[""] {
		if name == partAPIKeys || strings.HasPrefix(name, partPlanKeys) {
			delete(s.Parts[""], name)
			changed = true
		}
	}
	return changed
}

// forget makes every part be read and described anew: what it holds is there to be compared with.
func (parts Parts) forget() {
	for _, p := range parts {
		p.Of, p.Raw = 0, 0
	}
}

func (s *Snapshot) restore(id string, v *storedAPI) {
	s.restored[id] = true
	if v.Parts != nil {
		s.Parts[id] = v.Parts
	}
	if id == "" {
		s.Limits = v.Limits
		return
	}
	s.APIs = append(s.APIs, *v.API)
	if v.Known {
		s.Stages[id] = v.Stages
	}
	if len(v.Left) > 0 {
		if s.Left == nil {
			s.Left = map[string][]Left{}
		}
		s.Left[id] = v.Left
	}
}

func (inv *Inventory) apiKey(id string) string {
	if id == "" {
		return inv.key + "/account"
	}
	return inv.key + "/api/" + id
}

// save writes the head, and the APIs that changed; those that are no more are removed. What could not be written is written with the next change.
func (inv *Inventory) save(ctx context.Context, s *Snapshot, touched []string) {
	if !inv.store.Durable() {
		return
	}
	for _, id := range touched {
		inv.dirty[id] = true
	}
	head, err := s.encodeHead(inv.target.AccountID, inv.began)
	changes := map[string][]byte{inv.key: head}
	for id := range inv.dirty {
		if err != nil {
			break
		}
		if _, alive := s.Parts[id]; !alive && !s.live(id) {
			changes[inv.apiKey(id)] = nil
			continue
		}
		changes[inv.apiKey(id)], err = s.encodeAPI(id, inv.version)
	}
	if err == nil {
		err = inv.store.Apply(context.WithoutCancel(ctx), changes)
	}
	if err != nil {
		inv.logger.Debug("The inventory is not stored", zap.Error(err))
		inv.checkpointError(ctx)
		return
	}
	clear(inv.dirty)
}

func (s *Snapshot) live(id string) bool {
	e, ok := s.byID[id]
	return ok && e.gone.IsZero()
}
