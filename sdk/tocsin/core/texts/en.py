"""English texts.

* One text per reason: what is wrong (with the field's name), the rule, the remedy. Placeholders are fact names.
* Each language uses the same placeholders for the same reason.
* No placeholder may hold an identifier, a path or SQL.
* A label's key is the value the code uses (``urgent``, ``stop-payment``, ``case_filing_no``); ``rule.*`` keys are what
  a ``rule`` fact may name.
"""

from collections.abc import Mapping

ERRORS: Mapping[str, str] = {
    # Malformed
    "MALFORMED": "The message cannot be read ({hint}). It must be a complete, well-formed Tocsin message. Build it "
    "anew with a current version of the software and send it again.",
    "UNKNOWN_FIELD": "The message holds a field its type does not define: {field}. Signed messages may hold only the "
    "fields of their published type. Remove the field, or use the payload type that defines it.",
    "NOT_CANONICAL": "The message is not in canonical form. Signed bytes must equal their deterministic encoding: no "
    "default values, no doubled fields, fields in order. Encode it again and sign the new bytes.",
    "UNKNOWN_ENUM": "Field {field} holds the value {value}, which its list does not define. Only published values are "
    "accepted. Choose one of them.",
    "UNKNOWN_PAYLOAD_TYPE": "This payload type is not known here. Only published types are accepted. Use a type that "
    "`tocsin schema` lists, or update the software.",
    "FIELD_MISSING": "Field {field} is missing. Rule: {rule}. Fill it in and send again.",
    "FIELD_INVALID": "Field {field} is not valid. Rule: {rule}. Correct it and send again.",
    "ENVELOPE_TOO_LARGE": "The message has {value} bytes; at most {limit} are allowed. Shorten it, or split it into "
    "several messages.",
    "FRAME_TOO_LARGE": "The frame is larger than the bus takes. One frame may hold messages up to its transport limit "
    "only. Send fewer messages in one frame.",
    "PART_TOO_LARGE": "The private part {field} has {value} bytes; at most {limit} are allowed. Shorten it.",
    "CHECK_DIGIT": "The check digit of {field} does not match. A number with a wrong check digit contains a typing "
    "error. Compare it with the source and enter it again.",
    "IDENTIFIER_INVALID": "{field} is not a valid identifier. Rule: {rule}. Correct it and send again.",
    "PARTY_ID_INVALID": "{field} is not a party id. A party id is made of lowercase letters, digits and hyphens in "
    "labels joined by dots, at most {limit} characters, such as police.420100 or bank.icbc. Find the right one with "
    "`tocsin directory list`.",
    "AMOUNT_INVALID": "The amount in {field} is not valid. Rule: {rule}. Write it like 50000.00 CNY.",
    "AMOUNT_PRECISION": "The amount in {field} has too many decimal places. {currency} has {limit}. Round it to the "
    "currency's smallest unit and enter it again.",
    "CURRENCY_UNKNOWN": "The currency in {field} is not known. A currency is written as its ISO 4217 code. Write for "
    "example CNY, HKD or USD.",
    "CURRENCY_RMB": "RMB in {field} is not an ISO 4217 currency code. The code of the renminbi is CNY. Write CNY.",
    "TIME_ZONELESS": "The time in {field} has no time zone. A time without its offset can mean different moments. Add "
    "the offset, such as 2026-11-23T14:02:11+08:00.",
    "TIME_INVALID": "{field} is not valid. Rule: {rule}. Correct it and send again.",
    "TOO_MANY_ITEMS": "{field} holds {value} items; at most {limit} are allowed in one message. Split it into several.",
    "ITEM_REPEATED": "{field} holds an item twice. Each item may stand there once. Remove the repeats and send again.",
    "COMMITMENT_DIFFERS": "The tokens are not those the signed check commits to. The log must say what was asked. Make "
    "a new check for these subjects.",
    "DOCUMENT_INVALID": "The document {field} is not valid at {row}. It must have the published form. Correct it, or "
    "fetch it again from its source.",
    "DOMAIN_INVALID": "Entry {position} of {field} is not a domain that can be blocked: {rule}. Correct it or take it out.",
    # SignatureInvalid
    "UNSIGNED": "The message carries no signature. Every message must carry exactly one, made by its author. Sign it "
    "with your key and send it again.",
    "SIGNATURE_INVALID": "The signature does not fit the message and its author's key. The bytes were changed after "
    "signing, or another key signed them. Do not act on it; sign the original message again with the right key.",
    "KEY_WEAK": "This key cannot prove an author. Rule: {rule}. Make a new key with `tocsin join`.",
    "PROOF_INVALID": "The proof does not hold. Rule: {rule}. Do not rely on it: fetch it again, and if it fails again "
    "report it to the hub operator and to governance.",
    "SEAL_INVALID": "The private part {field} cannot be opened, or does not match the signed message. It must be "
    "sealed to your current key. Ask the sender to seal it again.",
    # NotPermitted
    "SENDER_MISMATCH": "The message names {sender} as its sender, but the connection belongs to {connection}. A party "
    "may send only in its own name. Use the identity of the party you send for.",
    "PARTY_UNKNOWN": "There is no party {party} in the directory. Only enrolled parties take part. Check the name "
    "with `tocsin directory list`, or ask the hub operator to enrol it.",
    "PARTY_SUSPENDED": "Party {party} is suspended. A suspended party may neither send nor receive new orders. Ask "
    "the hub operator why, and when it will return.",
    "KEY_UNKNOWN": "The key is not in the directory of {party}. Every key must be enrolled by its party before it "
    "signs. Enrol the key, or use one that is enrolled.",
    "KEY_REVOKED": "The key of {party} has been revoked. A revoked key proves nothing from its revocation on. Sign "
    "again with a valid key of the party.",
    "KEY_PURPOSE": "The key is enrolled for: {purpose}; this needs: {needed} (policy row {row}). A key serves only the "
    "purposes it was enrolled for. Sign with a key enrolled for this.",
    "POLICY_DENIED": "This is not permitted (policy row {row}). What no policy row allows is refused. Leave it to a "
    "party whose role may do it, or ask the hub operator which rule applies.",
    "NOT_ADDRESSEE": "The order is not addressed to the party that answers. Only the addressed party may answer an "
    "order. Leave the answer to that party.",
    "NOT_ORIGIN": "The order was not issued by this party. Only its issuer, or an authority the policy names, may "
    "change or release it. Ask the issuer to do so.",
    "NOT_CHECKER": "Party {party} is not authorised to check against this list. Only checkers that the list's owner "
    "names in its newest epoch may. Ask the owner to name you in the next epoch.",
    "WRONG_AUDIENCE": "The message is meant for another bus; this bus is {bus}. A message counts on one bus only. "
    "Send it there, or issue a new one for this bus.",
    "TYPE_NOT_ACCEPTED": "Party {party} does not accept this payload type. A party receives only the types it "
    "declares in the directory. Use a type it accepts, or ask it to update.",
    "JOIN_CODE_INVALID": "The join code is not valid. A code must be entered exactly as the hub operator gave it. "
    "Compare it, or ask for a new one.",
    "JOIN_CODE_EXPIRED": "The join code has expired, or a newer one has replaced it. A code is valid for a short "
    "time only. Ask the hub operator for a new one.",
    "JOIN_CODE_USED": "The join code has already been used. A code admits one party once. If you did not use it "
    "yourself, tell the hub operator at once; otherwise ask for a new one.",
    # NotRoutable
    "TARGET_NOT_SERVED": "No party serves this {kind}. An order goes only to the institution whose served ranges hold "
    "its target. Check the number; if it is right, ask the hub operator which institution should serve it.",
    "ROUTE_DIFFERS": "The message is addressed to {party}, which does not serve its target. An order goes to the "
    "institution that serves its target. Leave out the addressee, or address the institution that serves the number.",
    "PARTY_NOT_JOINED": "{party} has been admitted to the bus but has not joined it yet. Private parts can be sealed only for "
    "a party that has joined. Ask the hub's operator when it will, or reach it by telephone.",
    # RuleBroken
    "EXPIRED": "The message has expired. A message must reach the hub before it expires. If it is still needed, issue "
    "a new one.",
    "CREATED_IN_FUTURE": "The message was created in the future by the hub's clock. At most {limit} ahead is allowed. "
    "Set this machine's clock with its time service (`tocsin doctor`) and issue it again.",
    "CASE_FILING_MISSING": "Field {field} is missing. Nothing may be frozen before a case has been filed. File the "
    "case and enter its number; until then a stop-payment holds the money.",
    "TERMS_EXHAUSTED": "This account has had its {limit} stop-payment terms, whoever ordered them. No further term is "
    "allowed ({source}). If the money must stay held, apply for a freeze with a case-filing number.",
    "TERM_TOO_LONG": "The end lies too late. At most {limit} is allowed ({source}). Choose an earlier end; extend it "
    "before it runs out if need be.",
    "NECESSITY_MISSING": "Field {field} is missing. A measure on the whole account must state why a limited amount is "
    "not enough. State it, or limit the amount.",
    "PROFILE_UNKNOWN": "The profile {profile} is not known. Every order is judged by an enacted profile. Use one that "
    "`tocsin doctor` lists with the directory.",
    "NOT_IN_PROFILE": "The profile {profile} does not provide for {kind}. Only the measures of the profile may be "
    "ordered. Choose a measure it provides for.",
    "DOMAIN_PUBLIC": "Entry {position} of {field} is a public suffix: everybody under it would be blocked. Name the domain "
    "under it that is used for fraud.",
    "DOMAIN_PROTECTED": "Entry {position} of {field} would block a domain that the profile {profile} protects. Name the exact host "
    "that is used for fraud, or have governance change the list.",
    # WrongState
    "THREAD_UNKNOWN": "The order this message refers to is not known. A follow-up needs an order accepted before it. "
    "Check the order's number with `tocsin orders list`.",
    "TRANSITION_REFUSED": "The order is in state {state}; {event} is not possible there. Each state allows only the "
    "steps of its life cycle. Look at the order with `tocsin orders show` and choose a step it allows.",
    "EXTEND_AFTER_END": "The measure has ended. Only a measure that still runs can be extended. Issue a new order if "
    "the law still allows one.",
    "RANGE_TAKEN": "The range asked for by {party} overlaps one that {other} serves. Each number has one serving "
    "party. Settle with {other} who serves it, or narrow the range.",
    "PARTY_EXISTS": "Party {party} already exists. A party is enrolled once, and anew only after all its administration keys "
    "were revoked. Choose another id, give the existing party a new key, or revoke its lost keys first.",
    "KEY_EXISTS": "This key is already enrolled. A key belongs to one holder and is enrolled once. Make a new key.",
    "VERSION_STALE": "The version of {field} is not newer than the one in force, {limit}. Versions only rise. Start "
    "from the version in force.",
    "LIST_UNKNOWN": "There is no such watchlist. A list is opened by its owner before anything is put on it. Check its "
    "name, or open it first.",
    "LIST_NOT_READY": "This watchlist is still being published. It is checked against only once its owner says that it "
    "is complete, so that nobody passes for clear. Try again in a few minutes, or call the owner.",
    "LIST_KEY_DIFFERS": "The tokens were made with another key than this epoch's. Each epoch of a watchlist has a key "
    "of its own. Make the tokens again with the key of this epoch.",
    "EPOCH_OVER": "This epoch of the watchlist is over. Nothing is checked against an epoch that has ended or was "
    "followed by another. Use the newest epoch; if there is none, the owner must open one.",
    "EPOCH_UNKNOWN": "There is no epoch {value} of this watchlist; {limit} was expected. Epochs follow each other by "
    "one. Use the number of the newest epoch, or open the next one.",
    "ENTRY_EXISTS": "{field} is on the watchlist already. An entry in force is corrected, not published again. Correct "
    "it, or withdraw it first.",
    "ENTRY_UNKNOWN": "{field} is not on the watchlist under this number. Only entries of the list can be corrected or "
    "withdrawn. Compare it with the list and send again.",
    "CHECK_UNKNOWN": "There is no such check by this party. A hit names the check that met the entry. Name it, or make "
    "the check first.",
    "ATTEMPT_FENCED": "This delivery attempt is no longer valid: the order was handed out again. Only the latest "
    "attempt may be acknowledged. Take the order up again; its idempotency key is the same.",
    "HUB_BEHIND": "A member holds a newer checkpoint of the log than this hub. A hub that lost part of its log must "
    "not serve. The operator finds the newest database and starts the hub on it.",
    # IdReused
    "ID_REUSED": "This message id is already taken by a message with other content. An id stands for one content for "
    "ever. Send the new content under a new id.",
    # NotFound
    "NOT_FOUND": "There is nothing by that name here that you may see. What belongs to others is not shown. Check the "
    "name and your role.",
    # LocalFault
    "PASSPHRASE_WRONG": "The passphrase cannot be used ({hint}). It protects the keys of this identity. Give it again; if "
    "it is lost, join with a new key and have the old one revoked.",
    "IDENTITY_INVALID": "The identity directory cannot be used ({hint}). It must hold the files that `tocsin join` "
    "made, unchanged. Restore them from your backup, or join again.",
    "IDENTITY_EXPOSED": "The identity directory can be read by others. Only its owner may have access to it. Set its "
    "mode to 0700, and revoke the keys if anybody may have copied them.",
    "DIRECTORY_EMPTY": "The directory has not been fetched yet. Without it no key can be checked and no order built. "
    "Connect to the hub once, then try again.",
    "HANDLER_RESULT_INVALID": "The handler's {field} is not valid. Rule: {rule}. An order is never refused because of that: "
    "it comes again; correct the handler, or answer with `tocsin orders answer`.",
    "SETUP_INVALID": "This machine is not set up to do that: {field} does not fit. Rule: {rule}. Correct it and start "
    "again.",
    "ROLLBACK": "The local store is older than what this party has already seen. A store copied back from an older "
    "state must not be used. Restore the newest copy, or ask the hub operator how to resume.",
    "CORRUPT": "The local store is damaged ({hint}). Nothing is read from a damaged store. Stop, keep the files for "
    "inspection, and restore the newest backup.",
    "STORE_NEWER": "The local store was written by a newer version of the software (format {value}; this one reads up "
    "to {limit}). An older version must not write to it. Update the software on this machine.",
    "ALREADY_RUNNING": "Another process already uses this identity. One process at a time may use it. Stop the other "
    "process, or give this machine an identity of its own.",
    # Unavailable
    "HUB_UNREACHABLE": "The hub cannot be reached, or the connection broke before the answer. Whether a "
    "message under way arrived is not known; it is kept and sent again under the same id. A question has to be asked again. If this lasts, check with `tocsin doctor`.",
    "STORE_BUSY": "The store is busy; nothing was written. Try again with the same message id.",
    "STORE_FULL": "The disk of the store is full; nothing was written. The operator must make room; then try again "
    "with the same message id.",
    "DRAINING": "The hub is stopping and takes nothing new. Messages are kept and sent again to it after its return.",
    "CLOCK_UNEXPLAINED": "The hub's clock has jumped and the jump is unexplained. Until the operator has explained it "
    "no deadline passes and no order is taken. Try again later with the same message id.",
    "QUOTA_EXCEEDED": "The sender has used up its allowance of {limit}. Try again in {retry_after_ms} ms with the "
    "same message id; ask the hub operator if the allowance is too small.",
    "MAILBOX_FULL": "The recipient's mailbox holds its maximum of {limit} routine messages. Urgent orders are still "
    "taken. Try again in {retry_after_ms} ms with the same message id.",
    "INTERNAL": "The hub met a fault of its own. Whether the message was taken is not known. Try again with the same "
    "message id; tell the hub operator if it goes on.",
}

LABELS: Mapping[str, str] = {
    # files of a drop folder
    "file": "file",
    "row": "row",
    "line": "Line",
    "rows-done": "Rows that were done",
    "folder": "folder",
    # questions at the terminal
    "passphrase": "Passphrase",
    "passphrase-again": "Passphrase again",
    # what the operator's command says instead of the words for members
    "operator.ALREADY_RUNNING": "Another process works on this hub directory, most likely the hub itself. One process at a "
    "time may. Stop the hub first.",
    "operator.HUB_UNREACHABLE": "No hub answers on this directory. Start it with `tocsin-hub serve`; if it runs, read its "
    "log. If this was a change, look whether it was made before you repeat it.",
    "operator.IDENTITY_INVALID": "The hub's directory cannot be used ({hint}). It must hold the files that `tocsin-hub init` "
    "made, unchanged. Name it with --dir or TOCSIN_HUB_DIR, or restore the files from your backup.",
    "operator.NOT_FOUND": "There is nothing here that fits what you named. Only what the hub has can be worked on. Compare it "
    "with the list, and check that --dir names the hub's directory.",
    "operator.PARTY_UNKNOWN": "There is no party {party} on this bus. Only a party that was admitted can be named. Check the "
    "name with `tocsin-hub party list`, or admit it with `tocsin-hub party add`.",
    "operator.PASSPHRASE_WRONG": "The passphrase cannot be used ({hint}). It protects the keys of the hub or of governance, and "
    "nothing replaces it. Give it again.",
    "operator.PROFILE_UNKNOWN": "The profile {profile} is not known. A profile is one shipped with this software, cn or generic, "
    "or a TOML file that can be read. Name one of these.",
    "operator.ROLLBACK": "The database is older than what this hub has signed, or its anchor is missing. Nobody knows what "
    "members hold from since then, so it does not serve. Put back the newest database, and the anchor that was beside it.",
    # what an order says when its author says nothing of it
    "default-remedy": "Ask the contact named here. You may object there, at any police station or at your bank, in person or "
    "through somebody you trust.",
    # lanes
    "urgent": "urgent",
    "routine": "routine",
    # roles
    "police": "police",
    "anti-fraud": "anti-fraud centre",
    "bank": "bank",
    "payment": "payment firm",
    "carrier": "telecom carrier",
    "customs": "customs",
    "regulator": "regulator",
    "court": "court",
    "oversight": "oversight body",
    "hub": "hub",
    "governance": "governance",
    # key purposes and kinds
    "order": "order",
    "approve": "approval",
    "report": "report",
    "ack": "acknowledgement",
    "admin": "administration",
    "stop-payment": "stop-payment",
    "extend": "extension",
    "freeze": "freeze",
    "release": "release",
    "deadline-passed": "deadline passed",
    "block-domains": "block of domains",
    "unblock-domains": "withdrawal of blocked domains",
    "watch-list": "opening of a watchlist",
    "watch-publish": "entries for a watchlist",
    "watch-correct": "correction of a watchlist",
    "watch-withdraw": "withdrawal from a watchlist",
    "watch-check": "check against a watchlist",
    "watch-hit": "hit on a watchlist",
    "watch-answer": "answer to a hit",
    "governance-root": "governance root",
    "enrol-party": "enrolment of a party",
    "suspend-party": "suspension of a party",
    "add-key": "enrolment of a key",
    "revoke-key": "revocation of a key",
    "serve-ranges": "served ranges",
    "policy-version": "policy version",
    "profile-version": "profile version",
    # states of a measure
    "ordered": "ordered",
    "declined": "declined",
    "in-force": "in force",
    "releasing": "release under way",
    "released": "released",
    "lapsed": "lapsed",
    "unexecuted": "not executed in time",
    # events of a measure
    "extend-ordered": "an extension",
    "freeze-ordered": "a freeze",
    "release-ordered": "a release",
    "answer-by-hand": "an answer by hand",
    "root-executed": "a report that the order was executed",
    "root-declined": "a report that the order was not executed",
    "change-executed": "a report that the change was executed",
    "change-declined": "a report that the change was not executed",
    "release-executed": "a report that the release was executed",
    "release-declined": "a report that the release was not executed",
    "lapse-reported": "a report of the lapse",
    "end-passed": "the end of the term",
    "execution-passed": "the end of the time for execution",
    "withdraw-ordered": "a withdrawal of items",
    "withdraw-executed": "a report that the withdrawal was executed",
    "withdraw-declined": "a report that the withdrawal was not executed",
    # a received order that is not a person's to answer
    "answered": "answered",
    "being-handled": "being handled",
    # outcomes of an order
    "done": "executed",
    "done-short": "executed, funds short",
    "already": "already the case",
    "mismatch": "holder or details do not match",
    "not-found": "no such account",
    "exempt": "account is exempt",
    "bad-document": "legal document missing or wrong",
    "out-of-term": "outside the term",
    "limit-reached": "limit reached",
    "unsupported": "not supported",
    "unreachable": "account system unreachable",
    "refused-legal": "refused on legal grounds",
    "funds-moved": "funds have moved on",
    "superseded": "superseded by a release",
    # answers and natures
    "open": "not answered yet",
    "record": "record of the hub",
    "directory": "change of the directory",
    "list": "message about a list",
    "notice": "notice",
    # watchlists
    "notify": "tell the owner, let pass",
    "inspect": "inspect",
    "hold": "hold until the owner answers",
    "let-go": "let go",
    "call": "call the owner",
    "withdrawn": "withdrawn: let go",
    "clear": "not on the list",
    "plate": "vehicle plate",
    "parcel": "parcel",
    "list_id": "watchlist",
    "epoch": "epoch of the list",
    "valid_until_us": "end of the epoch",
    "key_check": "check value of the list key",
    "list_key": "list key",
    "entries": "entries",
    "entry_no": "number of the entry",
    "entry_hash": "hash of the entry's message",
    "complete": "complete",
    "tokens": "tokens",
    "count": "number of subjects",
    "commitment": "commitment",
    "purpose": "purpose",
    "place": "place",
    "officer": "officer",
    "check_id": "id of the check",
    "met_us": "time of the hit",
    "instruction": "instruction",
    "note": "note",
    "subject": "subject",
    "subjects": "subjects",
    "action": "action",
    "details": "details",
    "ends_us": "end",
    # deadlines
    "answer-not-fetched": "no answer in time: the order was not fetched",
    "answer-fetched": "no answer in time: the order was fetched",
    "measure-end": "the measure reached its legal end",
    "execution": "not executed within the time for execution",
    "delivery": "delivery was given up",
    # fields
    "message_id": "message id",
    "sender": "sender",
    "author_key": "author's key",
    "recipients": "addressee",
    "target": "target",
    "audience": "bus",
    "created_us": "time of issue",
    "expires_us": "end of validity",
    "lane": "lane",
    "case_ref": "case reference",
    "case_filing_no": "case-filing number",
    "legal_basis": "legal basis",
    "legal_basis.profile": "profile",
    "legal_basis.document_no": "number of the legal document",
    "contact": "contact",
    "remedy": "remedy",
    "holder_notice": "what the holder may be told",
    "thread": "thread",
    "thread.root_id": "first order of the thread",
    "thread.parent_id": "message this one follows",
    "on_behalf_of": "on behalf of",
    "parts": "private parts",
    "scope": "scope",
    "amount": "amount",
    "transaction_ref": "serial of the transaction",
    "necessity": "necessity",
    "holder": "holder",
    "holder_id": "holder's document",
    "reason": "reason",
    "victim": "victim",
    "transferred": "amount transferred",
    "transferred_us": "time of the transfer",
    "freeze_type": "kind of freeze",
    "term": "term",
    "outcome": "outcome",
    "held": "amount held",
    "applied_us": "time of execution",
    "not_applied": "items not done",
    "not_applied.outcome": "outcome of an item",
    "position": "place in the list",
    "domains": "domains",
    "balance": "balance",
    "available": "available balance",
    "party": "party",
    "region": "region",
    "amount.currency": "currency",
    "exercise": "drill",
    "legal_basis.document_sha256": "hash of the legal document",
    "thread.supersedes": "message this one corrects",
    "due_us": "time it was due",
    "role": "role",
    "escalate_to": "party told of failures",
    "ranges": "served ranges",
    "key_id": "key",
    "compromised_since": "compromised since",
    "join_key": "join key",
    "document": "document",
    "version": "version",
    "profile": "profile",
    "policy": "policy",
    "identity": "identity directory",
    "governance key": "governance key",
    "hub-directory": "hub directory",
    # identifier kinds
    "card": "bank card",
    "account": "bank account",
    "iban": "IBAN",
    "phone": "telephone number",
    "wallet": "payment account",
    # rules that a fact may name
    "rule.identifier.card": "a card number has 12 to 19 digits",
    "rule.identifier.account": "an account is written BANK/NUMBER, such as ICBC/0200000000000000006",
    "rule.identifier.iban": "an IBAN has a country code, two check digits and the length its country prescribes",
    "rule.identifier.phone": "a telephone number has the country code, such as +86 138 0000 0000, and is possible "
    "there",
    "rule.identifier.wallet": "a payment account is written FIRM/NUMBER, such as psp.example/1000001",
    "rule.identifier.kind": "write a card number, an IBAN, a number with +, or put the kind before it, such as "
    "account:ICBC/0200000000000000006",
    "rule.identifier.region": "a region is a six-digit GB/T 2260 code such as 420100, an ISO 3166-2 code such as CN-HB, "
    "or a country such as CN",
    "rule.subject.subject": "write the kind and the number, such as document:passport/CHN/E00000000, plate:CHN/A00000, "
    "parcel:EE000000005CN, phone:+86 138 0000 0000 or card:6222 0200 0000 0007",
    "rule.subject.document": "a document is written KIND/STATE/NUMBER: passport, id-card, residence-permit, travel-permit, "
    "seaman-book or other; the state as in machine-readable documents, such as CHN",
    "rule.subject.plate": "a plate is written STATE/NUMBER, such as CHN/A00000",
    "rule.subject.parcel": "a parcel number has 6 to 40 letters and digits",
    "rule.message_id": "a message id is a UUID of version 7, in the form 01890a5d-ac96-774b-bcce-b302099a8057",
    "rule.amount.form": "an amount is a number and a currency, with commas only between groups of three digits",
    "rule.amount.json": 'in JSON an amount is {"amount": "50000.00", "currency": "CNY"}, both values as texts',
    "rule.amount.negative": "an amount is never negative",
    "rule.amount.positive": "the amount must be greater than zero",
    "rule.amount.range": "the amount is larger than the bus can carry (2^63-1 smallest units)",
    "rule.amount.currencies": "amounts can be added and compared in one currency only",
    "rule.domains.some": "at least one domain",
    "rule.domains.form": "a domain has two labels or more of lower-case letters, digits and hyphens, without a dot at the end",
    "rule.domains.ip": "an IP address is not a domain",
    "rule.domains.idna": "a name in another script is written as IDNA 2008 has it, its A-label beginning with xn--",
    "rule.domains.lookalike": "it can be mistaken for another name; write its A-label, xn--…",
    "rule.time.form": "a time is written as in RFC 3339, such as 2026-11-23T14:02:11+08:00",
    "rule.time.range": "a time lies between the years 1970 and 2999",
    "rule.time.duration": "a term is a whole number and a unit (s, min, h, d, mo, y), such as 48h or 6mo; up to 100 "
    "years",
    "rule.time.zone": "a time zone is a name of the IANA database, such as Asia/Shanghai",
}
