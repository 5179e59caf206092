package accesslog

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// maxValue bounds one value of a line, in bytes; the rest is cut off.
const maxValue = 8 << 10

const hexDigits = "0123456789ABCDEF"

// appendText appends a value for a line of text. Control characters, quotes,
// backslashes and bytes above 126 become \xHH, as in nginx, so that a value can
// end neither its quotes nor its line. An empty value becomes "-".
func appendText(b []byte, value string) []byte {
	if value == "" {
		return append(b, '-')
	}
	value = value[:min(len(value), maxValue)]
	clean := 0
	for i := range len(value) {
		c := value[i]
		if c >= ' ' && c <= '~' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, value[clean:i]...)
		b = append(b, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		clean = i + 1
	}
	return append(b, value[clean:]...)
}

// appendJSON appends a value as a JSON string (RFC 8259 section 7). Bytes that
// are no UTF-8 become U+FFFD.
func appendJSON(b []byte, value string) []byte {
	value = value[:min(len(value), maxValue)]
	b = append(b, '"')
	clean := 0
	for i := 0; i < len(value); {
		c := value[i]
		if c >= ' ' && c <= '~' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, value[clean:i]...)
		if c < utf8.RuneSelf {
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			i++
		} else {
			r, size := utf8.DecodeRuneInString(value[i:])
			b = utf8.AppendRune(b, r)
			i += size
		}
		clean = i
	}
	b = append(b, value[clean:]...)
	return append(b, '"')
}

func appendStatus(b []byte, status int) []byte {
	if status == 0 {
		return append(b, '-')
	}
	return strconv.AppendInt(b, int64(status), 10)
}

// appendMillis appends milliseconds to the microsecond: "1.234".
func appendMillis(b []byte, d time.Duration) []byte {
	micros := max(d.Microseconds(), 0)
	b = strconv.AppendInt(b, micros/1000, 10)
	return appendPadded(append(b, '.'), micros%1000)
}

// appendPadded appends n, which is below 1000, in three digits.
func appendPadded(b []byte, n int64) []byte {
	return append(b, byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
}

// appendDuration appends a duration for people: "250µs", "1.2ms", "3.4s".
func appendDuration(b []byte, d time.Duration) []byte {
	switch {
	case d < time.Millisecond:
		return append(strconv.AppendInt(b, max(d.Microseconds(), 0), 10), "µs"...)
	case d < time.Second:
		return append(appendTenths(b, d.Microseconds(), 1000), "ms"...)
	}
	return append(appendTenths(b, d.Milliseconds(), 1000), 's')
}

// appendSize appends a number of bytes for people: "512B", "1.5KB", "2.0MB".
func appendSize(b []byte, n int64) []byte {
	const units = "KMGTPE"
	if n < 1024 {
		return append(strconv.AppendInt(b, n, 10), 'B')
	}
	unit := 0
	for ; n >= 1024*1024; n /= 1024 {
		unit++
	}
	return append(appendTenths(b, n, 1024), units[unit], 'B')
}

// appendTenths appends n/scale with one digit after the point, rounded down.
func appendTenths(b []byte, n, scale int64) []byte {
	b = strconv.AppendInt(b, n/scale, 10)
	return append(b, '.', byte('0'+n%scale*10/scale))
}
