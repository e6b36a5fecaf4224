package accesslog

// dateLength is that of 18/Jul/2022:12:33:39 +0000.
const dateLength = 26

// isDate says whether a text begins with what looks like a date. Nearly every line has one, so it is written out.
func isDate(s string) bool {
	if len(s) < dateLength {
		return false
	}
	s = s[:dateLength]
	return s[2] == '/' && s[6] == '/' && s[11] == ':' && s[14] == ':' && s[17] == ':' && s[20] == ' ' && (s[21] == '+' || s[21] == '-') &&
		isDigit(s[0]) && isDigit(s[1]) && isLetter(s[3]) && isLetter(s[4]) && isLetter(s[5]) &&
		isDigit(s[7]) && isDigit(s[8]) && isDigit(s[9]) && isDigit(s[10]) &&
		isDigit(s[12]) && isDigit(s[13]) && isDigit(s[15]) && isDigit(s[16]) && isDigit(s[18]) && isDigit(s[19]) &&
		isDigit(s[22]) && isDigit(s[23]) && isDigit(s[24]) && isDigit(s[25])
}

func isDigit(c byte) bool  { return c-'0' <= 9 }
func isLetter(c byte) bool { return (c|0x20)-'a' <= 'z'-'a' }

// parseDate reads a date that isDate, as Unix seconds. Without a leap second of its own, 60 counts as the first of the next minute.
func parseDate(s string) (seconds int64, ok bool) {
	if len(s) != dateLength || !isDate(s) {
		return 0, false
	}
	month := monthOf(s[3:6])
	day, hour, minute, second := digits(s[:2]), digits(s[12:14]), digits(s[15:17]), digits(s[18:20])
	offset := digits(s[22:24])*3600 + digits(s[24:26])*60
	if month == 0 || day == 0 || day > 31 || hour > 23 || minute > 59 || second > 60 {
		return 0, false
	}
	if s[21] == '-' {
		offset = -offset
	}
	return daysSince1970(digits(s[7:11]), month, day)*86400 + hour*3600 + minute*60 + second - offset, true
}

// daysSince1970 counts in years that begin in March, so that the leap day is their last.
func daysSince1970(year, month, day int64) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	const untilMarchOf0 = -719469 // days
	return untilMarchOf0 + 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day
}

func monthOf(s string) int64 {
	const months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	for i := 0; i < len(months); i += 3 {
		if months[i:i+3] == s {
			return int64(i/3 + 1)
		}
	}
	return 0
}

// digits is the number that a few digits make.
func digits(s string) (n int64) {
	for i := range len(s) {
		n = n*10 + int64(s[i]-'0')
	}
	return n
}

// clock remembers the last date that was read: lines of one second follow each other.
type clock struct {
	text    [dateLength]byte
	seconds int64
}

// read is parseDate for a date that may be the last one.
func (c *clock) read(s string) (seconds int64, ok bool) {
	if string(c.text[:]) == s {
		return c.seconds, true
	}
	if seconds, ok = parseDate(s); ok {
		copy(c.text[:], s)
		c.seconds = seconds
	}
	return seconds, ok
}
