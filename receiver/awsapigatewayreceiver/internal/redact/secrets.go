package redact

import "strings"

// secrets are how the names of values end that never leave the receiver, in lower case and without what is between their words: those of headers,
// of parameters, and of members of JSON. Ids of keys and secrets are none, and neither are numbers of tokens.
var secrets = map[byte][]string{
	'd': {"password", "passwd", "pwd"},
	'e': {"cookie", "passphrase", "secretvalue"},
	'g': {"secretstring", "connectionstring"},
	'l': {"credential"},
	'n': {"token", "authorization", "passwordconfirmation"},
	'r': {"bearer", "authorizationheader"},
	's': {
		"passwords", "secrets", "cookies", "credentials", "connectionstrings", "apikeys", "accesskeys", "privatekeys", "secretkeys",
		"accesstokens", "refreshtokens",
	},
	't': {"secret", "jwt"},
	'y': {
		"apikey", "accesskey", "accountkey", "encryptionkey", "masterkey", "privatekey", "secretkey", "sharedkey", "signingkey", "subscriptionkey",
		"secretbinary",
	},
}

const longestSecret = len("passwordconfirmation")

// Secret says whether a name is that of a secret, whatever stands before it: Authorization, x-api-key, access_token, clientSecret, db.password,
// token[0]. Digits and signs after it do not count.
func Secret(name string) bool {
	end := len(name)
	for end > 0 && !isLetter(name[end-1]) {
		end--
	}
	if end == 0 {
		return false
	}
	words := secrets[name[end-1]|0x20]
	if words == nil {
		return false
	}
	var letters [longestSecret]byte
	at := len(letters)
	for i := end - 1; i >= 0 && at > 0; i-- {
		if isLetter(name[i]) {
			at--
			letters[at] = name[i] | 0x20
		}
	}
	for _, word := range words {
		if strings.HasSuffix(string(letters[at:]), word) {
			return true
		}
	}
	return false
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
