package awssim

import "time"

const (
	// listMetricsPage is how many series a ListMetrics page holds.
	listMetricsPage = 500
	// maxDimensionFilters is how many dimensions ListMetrics filters by (ListMetrics).
	maxDimensionFilters = 30
	// maxListings bounds the listings that are kept while callers page through them.
	maxListings = 8
)

// listMetricsInput is a ListMetrics request.
type listMetricsInput struct {
	Namespace, MetricName string
	Dimensions            []dimension
	RecentlyActive        string
	NextToken             string
	IncludeLinkedAccounts bool
	OwningAccount         string
}

// listMetricsOutput is its answer.
type listMetricsOutput struct {
	Metrics        []metricID
	OwningAccounts []string `json:",omitempty" cbor:",omitempty"`
	NextToken      string   `json:",omitempty" cbor:",omitempty"`
}

// metricID names a series on the wire.
type metricID struct {
	Namespace  string `json:",omitempty" cbor:",omitempty"`
	MetricName string `json:",omitempty" cbor:",omitempty"`
	Dimensions []dimension
}

// listToken is where a listing goes on: its pages show one moment.
type listToken struct {
	At     int64 // Unix nanoseconds
	Offset int
	Filter uint64
}

// listing is what ListMetrics shows of a region at a moment.
type listing struct {
	key      regionKey
	at       int64
	recently bool
	series   []series
}

func (s *Server) listMetrics(x *exchange) (any, error) {
	var in listMetricsInput
	if err := decodeInput(x.op.protocol, x.body, &in); err != nil {
		return nil, err
	}
	if in.RecentlyActive != "" && in.RecentlyActive != "PT3H" {
		return nil, validation("1 validation error detected: Value '%s' at 'recentlyActive' failed to satisfy constraint: Member must satisfy enum value set: [PT3H]", in.RecentlyActive)
	}
	if len(in.Dimensions) > maxDimensionFilters {
		return nil, validation("The collection Dimensions must not have a size greater than %d.", maxDimensionFilters)
	}
	filter := in.hash()
	token := listToken{At: x.now.UnixNano(), Filter: filter}
	if in.NextToken != "" {
		x.call.FollowUp = true
		if in.NextToken != endlessToken && !decodeToken(in.NextToken, &token) || token.Filter != filter || token.Offset < 0 {
			return nil, invalidToken(x.op.service)
		}
	}
	out := &listMetricsOutput{Metrics: []metricID{}}
	all := s.list(x.caller, time.Unix(0, token.At), in.RecentlyActive != "").series
	page := s.page(listMetricsPage)
	i := token.Offset
	for ; i < len(all) && len(out.Metrics) < page; i++ {
		if in.matches(all[i]) {
			out.Metrics = append(out.Metrics, metricID{namespace, all[i].metric.name, all[i].group.dimensions})
		}
	}
	for i < len(all) && !in.matches(all[i]) {
		i++ // no empty last page
	}
	if i < len(all) {
		out.NextToken = encodeToken(listToken{At: token.At, Offset: i, Filter: filter})
	}
	if in.IncludeLinkedAccounts {
		for range out.Metrics {
			out.OwningAccounts = append(out.OwningAccounts, x.caller.account.ID)
		}
	}
	return out, nil
}

// hash is that of everything but the token: a token is good for the same request only.
func (in *listMetricsInput) hash() uint64 {
	parts := []string{in.Namespace, in.MetricName, in.RecentlyActive, in.OwningAccount}
	for _, d := range in.Dimensions {
		parts = append(parts, d.Name, d.Value)
	}
	return hashStrings(0, parts...)
}

// matches reports whether a series passes the filters. A dimension without a value asks for its name only.
func (in *listMetricsInput) matches(s series) bool {
	if in.Namespace != "" && in.Namespace != namespace || in.MetricName != "" && in.MetricName != s.metric.name {
		return false
	}
	for _, want := range in.Dimensions {
		found := false
		for _, d := range s.group.dimensions {
			found = found || d.Name == want.Name && (want.Value == "" || d.Value == want.Value)
		}
		if !found {
			return false
		}
	}
	return true
}

// page is the size of a page, where AWS's own is most.
func (s *Server) page(most int) int {
	if s.config.MaxPage > 0 {
		return min(s.config.MaxPage, most)
	}
	return most
}

// series returns all series that the caller's account can have in the caller's region.
func (s *Server) series(c caller) *regionSeries {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := regionKey{c.account.ID, c.region}
	found, ok := s.regions[key]
	if !ok {
		found = buildSeries(s.world, c.account.ID, c.account.region(c.region))
		s.regions[key] = found
	}
	return found
}

// list returns what ListMetrics shows at a moment; the next pages of a listing find it made.
func (s *Server) list(c caller, at time.Time, recently bool) *listing {
	s.listing.Lock()
	defer s.listing.Unlock()
	key := regionKey{c.account.ID, c.region}
	for _, l := range s.listings {
		if l.key == key && l.at == at.UnixNano() && l.recently == recently {
			return l
		}
	}
	made := &listing{key: key, at: at.UnixNano(), recently: recently}
	ask := lister{
		published: s.published, lateness: s.published.currentLateness(), listLag: s.config.ListLag, seen: s.seen, at: at, recently: recently,
	}
	for _, candidate := range s.series(c).series {
		if ask.listed(candidate) {
			made.series = append(made.series, candidate)
		}
	}
	if s.listings = append(s.listings, made); len(s.listings) > maxListings {
		s.listings = s.listings[1:]
	}
	return made
}
