package awssim

// complete is the root of a trace whose end is seen; nil where it is not.
func (s *shown) complete() *node {
	if root, progress := s.root(); !progress {
		return root
	}
	return nil
}

// rooted is what a complete root says.
func rooted(of func(*node) bool) func(*shown) bool {
	return func(s *shown) bool { root := s.complete(); return root != nil && of(root) }
}

// filterFlags are the keywords of filter expressions that are true or false.
var filterFlags = map[string]func(*shown) bool{
	"ok":       rooted(func(n *node) bool { return !n.ending.fault && !n.ending.err }),
	"error":    rooted(func(n *node) bool { return n.ending.err }),
	"throttle": rooted(func(n *node) bool { return n.ending.throttle }),
	"fault":    rooted(func(n *node) bool { return n.ending.fault }),
	"partial":  func(s *shown) bool { return s.partial },
}

// filterNumbers are those with a number, where the trace has it.
var filterNumbers = map[string]func(*shown) (float64, bool){
	"duration": func(s *shown) (float64, bool) { return float64(s.duration()) / 1e6, true },
	"responsetime": func(s *shown) (float64, bool) {
		if root := s.complete(); root != nil {
			return float64(root.end-root.start) / 1e6, true
		}
		return 0, false
	},
	"http.status": func(s *shown) (float64, bool) {
		if root := s.complete(); root != nil && root.http != nil {
			return float64(root.http.status), true
		}
		return 0, false
	},
}

// ofRequest is a text of the root's request.
func ofRequest(of func(*nodeHTTP) string) func(*shown) []string {
	return func(s *shown) []string {
		if root, _ := s.root(); root != nil && root.http != nil {
			return []string{of(root.http)}
		}
		return nil
	}
}

// filterTexts are those with texts, of which one has to fit.
var filterTexts = map[string]func(*shown) []string{
	"http.url":       ofRequest(func(h *nodeHTTP) string { return h.url }),
	"http.method":    ofRequest(func(h *nodeHTTP) string { return h.method }),
	"http.useragent": ofRequest(func(h *nodeHTTP) string { return h.agent }),
	"http.clientip":  ofRequest(func(h *nodeHTTP) string { return h.clientIP }),
	"user": func(s *shown) (users []string) {
		s.each(func(_, n *node, _ bool) {
			if n.user != "" {
				users = append(users, n.user)
			}
		})
		return users
	},
	"resource.arn": func(s *shown) (arns []string) {
		s.each(func(_, n *node, _ bool) {
			if n.arn != "" {
				arns = append(arns, n.arn)
			}
		})
		return arns
	},
}
