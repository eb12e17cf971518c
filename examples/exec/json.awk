# Flattens one JSON document: a line for each value, its path, a tab, its text. Any awk will do; mawk is in every Debian.
#
#   {"order": {"amount": {"currency": "CNY"}, "tags": ["x"]}}   gives   order.amount.currency<TAB>CNY
#                                                                       order.tags[0]<TAB>x
#
# What is not JSON is refused with exit code 1 and nothing half read is used. A line break or another control character in
# a text stays as it is written, such as \n; so a value is always one line. Run it with LC_ALL=C: it works on bytes.

{ text = text $0 "\n" }

END {
	at = 1
	value("")
	space()
	if (at <= length(text)) fail()
	printf "%s", found
}

function fail() {
	print "not one JSON document" > "/dev/stderr"
	exit 1
}

function space() {
	while (substr(text, at, 1) ~ /^[ \t\r\n]$/) at++
}

function value(path,    char, count, key) {
	space()
	char = substr(text, at, 1)
	if (char == "{") {
		at++
		space()
		if (substr(text, at, 1) == "}") { at++; return }
		do {
			space()
			key = string()
			space()
			if (substr(text, at++, 1) != ":") fail()
			value(path == "" ? key : path "." key)
			space()
			char = substr(text, at++, 1)
		} while (char == ",")
		if (char != "}") fail()
	} else if (char == "[") {
		at++
		space()
		if (substr(text, at, 1) == "]") { at++; return }
		do {
			value(path "[" count++ + 0 "]")
			space()
			char = substr(text, at++, 1)
		} while (char == ",")
		if (char != "]") fail()
	} else if (char == "\"") {
		found = found path "\t" string() "\n"
	} else if (match(substr(text, at), /^(true|false|null|-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?)/)) {
		found = found path "\t" substr(text, at, RLENGTH) "\n"
		at += RLENGTH
	} else fail()
}

function string(    made, char) {
	if (substr(text, at++, 1) != "\"") fail()
	while (1) {
		if (match(substr(text, at), /^[^"\\]+/)) {
			made = made substr(text, at, RLENGTH)
			at += RLENGTH
		}
		char = substr(text, at++, 1)
		if (char == "\"") return made
		if (char != "\\") fail()
		char = substr(text, at++, 1)
		if (char ~ /^["\/]$/) made = made char
		else if (char == "u") made = made unicode()
		else if (char ~ /^[\\bfnrt]$/) made = made "\\" char
		else fail()
	}
}

function unicode(    code, low) { # what follows \u, as UTF-8; a control character stays as it is written
	code = hex()
	if (code < 32) return sprintf("\\u%04x", code)
	if (code >= 55296 && code < 56320) {
		if (substr(text, at, 2) != "\\u") fail()
		at += 2
		low = hex()
		if (low < 56320 || low > 57343) fail()
		code = 65536 + (code - 55296) * 1024 + low - 56320
	} else if (code >= 56320 && code < 57344) fail()
	if (code < 128) return sprintf("%c", code)
	if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
	if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
	return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
}

function hex(    made, place, digit) {
	for (place = 0; place < 4; place++) {
		digit = index("0123456789abcdef", tolower(substr(text, at++, 1))) - 1
		if (digit < 0) fail()
		made = made * 16 + digit
	}
	return made
}
