#!/bin/sh
# A bank's program in POSIX sh:   tocsin listen --exec "examples/exec/handle-order.sh LEDGER"
#
# - An order comes as JSON on standard input; the report goes as JSON to standard output. Exit 0 answers, 75 asks to be called
#   again, anything else is no answer: it is called again too, and at last a person is asked. Nothing becomes a refusal by accident.
# - LEDGER/accounts.csv has number,holder,balance,currency, such as 6222020000000007,张三,70000.00,CNY.
# - LEDGER/holds/THREAD is the hold of one thread of orders, with the answer to each order carried out on it. One rename puts
#   effect and answer there together: killed at any moment, an order is carried out and known to be, or neither.
# - An order that comes again (the same idempotency_key) gets its first answer again, and nothing changes.
# - A hold that has reached its end holds nothing, whether or not anybody said so.
# - awk takes what looks like a number for one, and two cards may be one number to it: hence  x "" == y "".
#
# Needs sh, awk, and flock, sync and date from Debian's essential packages util-linux and coreutils. No jq.
set -eu
LC_ALL=C
export LC_ALL
ledger=$1
here=${0%/*}

task=$(awk -f "$here/json.awk")

of() { # the value at a path of the order's JSON; empty when there is none
	printf '%s\n' "$task" | awk -v path="$1" 'index($0, path "\t") == 1 { print substr($0, length(path) + 2); exit }'
}

refuse() { # OUTCOME NOTE
	printf '{"outcome": "%s", "reason": "%s"}\n' "$1" "$2"
	exit 0
}

plain() { # a name as it is compared
	printf '%s' "$1" | tr -d ' '
}

later() { # whether time $1 is after time $2; both RFC 3339 in UTC with microseconds
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a "" > b "") }'
}

note() { # a line of the thread's hold, such as: until
	[ ! -f "$hold" ] || awk -v key="$1" '$1 == key { print substr($0, length(key) + 2); exit }' "$hold"
}

figures() { # what is held under the thread, the balance and what is left, as JSON; the older hold comes first
	awk -v account="$account" -v thread="$thread" -v now="$now" '
		BEGIN { FS = "," }
		FNR == 1 { file = FILENAME; sub(/.*\//, "", file) }
		file == "accounts.csv" { if ($1 "" == account "") { balance = $3; currency = $4 }; next }
		{ name = $0; sub(/ .*/, "", name); of[file, name] = substr($0, length(name) + 2); files[file] = 1 }
		function money(minor,    text) {
			text = sprintf("%.0f", minor)
			while (length(text) <= places) text = "0" text
			if (places) text = substr(text, 1, length(text) - places) "." substr(text, length(text) - places + 1)
			return "{\"amount\": \"" text "\", \"currency\": \"" currency "\"}"
		}
		END {
			places = index(balance, ".") ? length(balance) - index(balance, ".") : 0
			digits = balance
			sub(/\./, "", digits)
			left = digits + 0
			for (file in files)
				if (of[file, "account"] "" == account "" && of[file, "ended"] == "-" && of[file, "until"] "" > now "")
					active[of[file, "place"] + 0] = file
			for (place in active) if (place + 0 > last) last = place + 0
			for (place = 1; place <= last; place++) {
				if (!(place in active)) continue
				file = active[place]
				part = (of[file, "most"] == "all" || of[file, "most"] + 0 > left) ? left : of[file, "most"] + 0
				left -= part
				if (file "" == thread "") held = part
			}
			printf "\"held\": %s, \"balance\": %s, \"available\": %s", money(held), money(digits + 0), money(left)
		}' "$@"
}

save() { # the hold as the variables say, with earlier answers, still without the answer to this order
	{
		printf 'place %s\naccount %s\nmost %s\nuntil %s\nended %s\n' "$place" "$account" "$most" "$until" "$ended"
		[ ! -f "$hold" ] || grep '^answer ' "$hold" || true
	} > "$ledger/new/$thread"
}

commit() { # the one step that counts
	sync "$ledger/new/$thread"
	mv "$ledger/new/$thread" "$hold"
	sync "$ledger/holds"
}

mkdir -p "$ledger/holds" "$ledger/new"
exec 9> "$ledger/lock"
flock -w 10 9 || exit 75

kind=$(of kind) key=$(of idempotency_key) thread=$(of thread_id) ends_at=$(of ends_at)
now=$(date -u +%Y-%m-%dT%H:%M:%S.000000Z)
hold=$ledger/holds/$thread
account=$(note account) place=$(note place) most=$(note most) until=$(note until) ended=$(note ended)

if [ "$kind" = lapsed ]; then
	if [ "$ended" = - ] && ! later "$until" "$ends_at"; then
		ended=$until
		save
		commit
	fi
	exit 0
fi

if [ -f "$hold" ] && answer=$(awk -v key="$key" '$1 == "answer" && $2 "" == key "" { print substr($0, length(key) + 9); found = 1 } END { exit !found }' "$hold"); then
	sync "$hold" "$ledger/holds"
	printf '%s\n' "$answer"
	exit 0
fi

case $kind in
stop-payment | freeze)
	account=$(of order.header.target.value)
	line=$(awk -F , -v number="$account" '$1 "" == number "" { print; exit }' "$ledger/accounts.csv")
	[ -n "$line" ] || refuse not-found "no such account here"
	holder=$(of order.holder) owner=$(printf '%s\n' "$line" | cut -d , -f 2)
	[ -z "$holder" ] || [ "$(plain "$holder")" = "$(plain "$owner")" ] || refuse mismatch "the name is not the holder's"
	[ -z "$ended" ] || { [ "$ended" = - ] && later "$until" "$now"; } || refuse out-of-term "the hold has ended"
	case $(of order.scope)$(of order.freeze_type) in
	transaction) refuse unsupported "this ledger keeps no transactions to stop" ;;
	whole-account | full | credit-only) most=all ;;
	*)
		[ "$(of order.amount.currency)" = "${line##*,}" ] || refuse unsupported "the account is kept in another currency"
		most=$(of order.amount.amount | tr -d .)
		;;
	esac
	[ -n "$place" ] || place=$(($(ls "$ledger/holds" | wc -l) + 1))
	until=$ends_at ended=-
	;;
extend)
	[ -f "$hold" ] || refuse not-found "no hold under this thread"
	[ "$ended" = - ] && later "$until" "$now" || refuse out-of-term "the hold has ended"
	until=$ends_at
	;;
release)
	[ -f "$hold" ] || refuse not-found "no hold under this thread"
	[ "$ended" != - ] || ended=$now
	;;
*) refuse unsupported "this bank takes orders on money" ;;
esac

save
set -- "$ledger/new/$thread"
for other in "$ledger/holds"/*; do
	[ ! -f "$other" ] || [ "$other" = "$hold" ] || set -- "$@" "$other"
done
answer=$(printf '{"outcome": "done", %s}' "$(figures "$ledger/accounts.csv" "$@")")
printf 'answer %s %s\n' "$key" "$answer" >> "$ledger/new/$thread"
commit
printf '%s\n' "$answer"
