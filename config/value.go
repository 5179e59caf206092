package config

import (
	"encoding"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"pingap-go/internal/nearest"
)

// leaf fills one field that is no list and no table, and holds it against the
// `oneof`, `min` and `max` of its tag.
func (b *binder) leaf(at path, value any, into reflect.Value, tag reflect.StructTag) {
	text, hint := setLeaf(value, into)
	if text == "" {
		text, hint = outOfBounds(into, tag)
	}
	if text != "" {
		b.report(at, text, hint)
	}
}

// setLeaf converts value to the type of into. It answers with what is wrong.
func setLeaf(value any, into reflect.Value) (text, hint string) {
	switch target := into.Addr().Interface().(type) {
	case *time.Duration:
		return setParsed(value, target, parseDuration, `a duration such as "500ms" or "30s"`), ""
	case *Size:
		return setParsed(value, target, parseSize, `a size such as "64kb" or "10mb"`), ""
	case *netip.Prefix:
		return setParsed(value, target, parsePrefix, `an address or a CIDR such as "10.0.0.0/8"`), ""
	case encoding.TextUnmarshaler:
		return setText(value, target), ""
	}
	switch into.Kind() {
	case reflect.String:
		return setString(value, into), ""
	case reflect.Bool:
		return setBool(value, into), ""
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return setInt(value, into), ""
	case reflect.Float64:
		return setFloat(value, into), ""
	case reflect.Interface:
		into.Set(reflect.ValueOf(plain(value)))
		return "", ""
	default:
		return fmt.Sprintf("has the type %s, which configurations cannot hold", into.Type()), ""
	}
}

// setParsed converts what is written as text, and numbers by their digits.
func setParsed[T any](value any, into *T, parse func(string) (T, bool), want string) string {
	var text string
	switch v := value.(type) {
	case string:
		text = v
	case fromEnv:
		text = string(v)
	case int64:
		text = strconv.FormatInt(v, 10)
	default:
		return fmt.Sprintf("must be %s, not %s", want, kindOf(value))
	}
	result, ok := parse(strings.TrimSpace(text))
	if !ok {
		return fmt.Sprintf("%q is not %s", text, want)
	}
	*into = result
	return ""
}

func setText(value any, into encoding.TextUnmarshaler) string {
	text, ok := asString(value)
	if !ok {
		return "must be a string, not " + kindOf(value)
	}
	if err := into.UnmarshalText([]byte(text)); err != nil {
		return err.Error()
	}
	return ""
}

func setString(value any, into reflect.Value) string {
	text, ok := asString(value)
	if !ok {
		return "must be a string, not " + kindOf(value)
	}
	into.SetString(text)
	return ""
}

func setBool(value any, into reflect.Value) string {
	v, ok := value.(bool)
	if text, env := value.(fromEnv); env {
		v, ok = text == "true", text == "true" || text == "false"
	}
	if !ok {
		return "must be true or false, not " + kindOf(value)
	}
	into.SetBool(v)
	return ""
}

func setInt(value any, into reflect.Value) string {
	v, ok := value.(int64)
	if text, env := value.(fromEnv); env {
		n, err := strconv.ParseInt(string(text), 10, 64)
		v, ok = n, err == nil
	}
	switch {
	case !ok:
		return "must be an integer, not " + kindOf(value)
	case into.OverflowInt(v):
		return fmt.Sprintf("%d is too large", v)
	}
	into.SetInt(v)
	return ""
}

func setFloat(value any, into reflect.Value) string {
	v, ok := value.(float64)
	if n, whole := value.(int64); whole {
		v, ok = float64(n), true
	}
	if text, env := value.(fromEnv); env {
		n, err := strconv.ParseFloat(string(text), 64)
		v, ok = n, err == nil
	}
	if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
		return "must be a number, not " + kindOf(value)
	}
	into.SetFloat(v)
	return ""
}

func asString(value any) (string, bool) {
	if text, ok := value.(fromEnv); ok {
		return string(text), true
	}
	text, ok := value.(string)
	return text, ok
}

// outOfBounds holds a field against its tags: `oneof` lists the words of a
// string, `min` and `max` bound numbers, durations and sizes. Without `min`
// nothing below zero is accepted.
func outOfBounds(v reflect.Value, tag reflect.StructTag) (text, hint string) {
	if words := strings.Fields(tag.Get("oneof")); v.Kind() == reflect.String && len(words) > 0 {
		if slices.Contains(words, v.String()) || v.String() == "" && tag.Get("default") == "" {
			return "", ""
		}
		return fmt.Sprintf("%q is not one of %s", v, strings.Join(words, ", ")), nearest.Name(v.String(), words)
	}
	n, isNumber := number(v)
	if !isNumber {
		return "", ""
	}
	if low, ok := bound(tag.Get("min"), v); ok && n < low || !ok && n < 0 {
		return fmt.Sprintf("must be at least %s", orZero(tag.Get("min"))), ""
	}
	if high, ok := bound(tag.Get("max"), v); ok && n > high {
		return fmt.Sprintf("must be at most %s", tag.Get("max")), ""
	}
	return "", ""
}

// number is a numeric field as a float; durations are in nanoseconds.
func number(v reflect.Value) (float64, bool) {
	switch {
	case v.CanInt():
		return float64(v.Int()), true
	case v.CanFloat():
		return v.Float(), true
	default:
		return 0, false
	}
}

// bound is the value of a min or max tag for a field of v's type.
func bound(text string, v reflect.Value) (float64, bool) {
	if text == "" {
		return 0, false
	}
	limit := reflect.New(v.Type()).Elem()
	if wrong, _ := setLeaf(fromEnv(text), limit); wrong != "" {
		return 0, false
	}
	return number(limit)
}

func orZero(text string) string {
	if text == "" {
		return "0"
	}
	return text
}
