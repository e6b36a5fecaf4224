package logs

import "go.uber.org/zap"

// bound keeps what is remembered of a target below maxRemembered: the groups with most forget their oldest minute, in which late events are then
// not looked for any more.
func (r *Reader) bound(g *group) {
	groups, total := r.groups.all(), 0
	for _, o := range groups {
		total += int(o.remembered.Load())
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for total > maxRemembered && g.seen.count > maxRemembered/len(groups) {
		oldest, ok := g.seen.oldest()
		end := (oldest + 1) * minuteMS
		if !ok || end > g.pos.newest {
			break
		}
		before := g.seen.count
		g.pos.settled = max(g.pos.settled, end)
		g.seen.forget(g.pos.settled)
		total -= before - g.seen.count
		if r.once("bound") {
			r.Logger.Warn("So many events a minute are read that late ones are looked for in less than logs::late_window", zap.Int("max_remembered", maxRemembered))
		}
	}
	g.remembered.Store(int64(g.seen.count))
}
