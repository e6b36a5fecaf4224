package awssim

import (
	"fmt"
	"time"
)

// form is how a view writes what it describes.
type form int

const (
	formTruth form = iota // plain Go values
	formV1                // as API Gateway v1 answers
	formV2                // as API Gateway v2 answers
)

// view describes the inventory of a region as it is at a time. What it describes are members by AWS's own names.
type view struct {
	account *Account
	region  *Region
	now     time.Time
	form    form
	keys    map[string]*APIKey // by id, made when first asked for
}

// view is what the caller sees.
func (x *exchange) view(f form) *view {
	return &view{account: x.caller.account, region: x.caller.account.region(x.caller.region), now: x.now, form: f}
}

func (v *view) alive(created, deleted time.Time) bool { return lives(created, deleted, v.now) }

// time is a timestamp in the view's form: v1 writes epoch seconds, v2 ISO 8601.
func (v *view) time(t time.Time) any {
	if t.IsZero() {
		t = minuteStart(0)
	}
	switch v.form {
	case formV1:
		return t.Unix()
	case formV2:
		return t.UTC().Format("2006-01-02T15:04:05Z")
	default:
		return t.UTC().Truncate(time.Second)
	}
}

// arn is that of something of API Gateway's: most have no account in it.
func (v *view) arn(account, path string) string {
	return fmt.Sprintf("arn:%s:apigateway:%s:%s:%s", v.account.partition(), v.region.Name, account, path)
}

// madeUpID is the id of something whose literal has none, in the letters of API Gateway's own.
func madeUpID(length int, parts ...string) string { return idOf(hashStrings(0, parts...), length) }

// idOf writes a hash as an id. It holds the entropy of 12 letters.
func idOf(h uint64, length int) string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyz"
	id := make([]byte, length)
	for i := range id {
		if i%12 == 11 {
			h = mix(h + uint64(i))
		}
		id[i] = letters[h%36]
		h /= 36
	}
	return string(id)
}

// members are what is described, by AWS's own names.
type members map[string]any

// text sets a member unless it is empty.
func (m members) text(name, value string) {
	if value != "" {
		m[name] = value
	}
}

// list sets a member unless it is empty.
func (m members) list(name string, values []string) {
	if len(values) > 0 {
		m[name] = values
	}
}

// flag sets a member that is absent where it is false.
func (m members) flag(name string, value bool) {
	if value {
		m[name] = true
	}
}

// orDefault is a number of a literal that means a default where it is zero, and zero where it is negative.
func orDefault(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return max(n, 0)
}
