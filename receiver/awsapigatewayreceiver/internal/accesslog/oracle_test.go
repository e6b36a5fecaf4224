package accesslog

import (
	"regexp"
	"strings"
)

// oracle reads lines by the letter of the package's documentation: it tries everything, and shares no code with the decoder but the list of variables.
type oracle struct {
	literals []string
	grammars []grammar
}

func newOracle(format string) *oracle {
	variables := regexp.MustCompile(`\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)`)
	o := &oracle{literals: variables.Split(format, -1)}
	for _, match := range variables.FindAllStringSubmatch(format, -1) {
		o.grammars = append(o.grammars, lookUp(match[1]).grammar)
	}
	return o
}

var forms = map[grammar]*regexp.Regexp{}

func init() {
	for g, form := range map[grammar]string{
		absent: ``, integer: `[0-9]+`, address: `[0-9a-fA-F.:]+`, host: `[-A-Za-z0-9._]+`, name: `[-A-Za-z0-9_$]+`, method: `[-A-Za-z_]+`,
		token: tokenForm, word: wordForm, dates: `[A-Za-z0-9: ]+`, path: `/(?:` + wordForm + `)?`, boolean: `true|false`,
		date:     `[0-9]{2}/[A-Za-z]{3}/[0-9]{4}(?::[0-9]{2}){3} [-+][0-9]{4}`,
		routeKey: `[A-Z]{1,16} /(?:` + wordForm + `)?|[^\x00-\x20\x7f"',<>/](?:` + tokenForm + `)?`,
		quoted:   `(?s)".*"`, text: `(?s).*`,
	} {
		forms[g] = regexp.MustCompile(`\A(?:-?|` + form + `)\z`)
	}
}

const (
	tokenForm = `[^\x00-\x20\x7f"',<>]+`
	wordForm  = `[^\x00-\x20\x7f"]+`
)

// whole are values that are never read in part.
var whole = map[grammar]*regexp.Regexp{
	boolean: regexp.MustCompile(`\A(?:true|false)`), date: regexp.MustCompile(`\A[0-9]{2}/[A-Za-z]{3}/[0-9]{4}(?::[0-9]{2}){3} [-+][0-9]{4}`),
}

var twoWords = regexp.MustCompile(`\A[A-Z]{1,16} /`)

// read returns the values of the reading that counts.
func (o *oracle) read(line string) ([]string, bool) {
	last := o.literals[len(o.literals)-1]
	trimmed := strings.TrimRight(last, " \t\r\n")
	suffixes := []string{last}
	if trimmed != last {
		suffixes = append(suffixes, trimmed)
	}
	for _, lenient := range []bool{false, true} {
		for _, suffix := range suffixes {
			body, ok := strings.CutSuffix(line, suffix)
			if !ok || !strings.HasPrefix(body, o.literals[0]) {
				continue
			}
			failed := map[[2]int]bool{}
			if values, ok := o.rest(body, 0, len(o.literals[0]), lenient, failed); ok {
				return values, true
			}
		}
	}
	return nil, false
}

// rest reads the variables from the k-th on, whose value begins at p.
func (o *oracle) rest(s string, k, p int, lenient bool, failed map[[2]int]bool) ([]string, bool) {
	if failed[[2]int{k, p}] {
		return nil, false
	}
	last := k == len(o.grammars)-1
	for _, end := range o.ends(s, k, p, lenient) {
		if last && end == len(s) {
			return []string{s[p:end]}, true
		}
		if literal := o.literals[k+1]; !last && strings.HasPrefix(s[end:], literal) {
			if values, ok := o.rest(s, k+1, end+len(literal), lenient, failed); ok {
				return append([]string{s[p:end]}, values...), true
			}
		}
	}
	failed[[2]int{k, p}] = true
	return nil, false
}

// ends are where the k-th value can end, in the order of preference.
func (o *oracle) ends(s string, k, p int, lenient bool) []int {
	g := o.grammars[k]
	if lenient && g != integer && g != date && g != boolean {
		g = text
	}
	if form, ok := whole[g]; ok {
		if m := form.FindString(s[p:]); m != "" {
			return []int{p + len(m)}
		}
	}
	least := p
	if g == routeKey {
		least += len(twoWords.FindString(s[p:]))
	}
	var out []int
	for end := least; end <= len(s); end++ {
		if last := k == len(o.grammars)-1; last && end < len(s) || !last && !strings.HasPrefix(s[end:], o.literals[k+1]) {
			continue // where nothing that follows could begin: no form has to be tried
		}
		if g == text || forms[g].MatchString(s[p:end]) {
			out = append(out, end)
		}
	}
	follows := k+1 < len(o.grammars) && o.literals[k+1] == ""
	if follows && g != text && g != quoted && len(out) > 0 {
		out = out[len(out)-1:]
	}
	return out
}
