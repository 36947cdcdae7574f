import FuzzChecks
import HTTP1
import HTTPCases
import ProxyCore

/// docs/bad-inputs.md, made of the tables that the tests go by.
enum BadInputDocument {
    static func text() throws -> String {
        var text = """
            # What Berth does with bad input

            This page lists malformed and hostile messages and what Berth does with each. Send one to see the result:

                printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\nHost: b\\r\\n\\r\\n' | nc 127.0.0.1 8080

            If two readers of the same bytes disagree about the end or the recipient of a message, an attacker can smuggle a
            request past one of them. So Berth has only two outcomes. It refuses a message and closes the connection, or it
            forwards the message, rewritten, in exactly one meaning.

            This page is generated from the tables in `Tests/HTTPCases`. A test fails if they differ; write the page again
            with `BERTH_UPDATE_GOLDEN=1 swift test --filter BadInputDocumentTests`. Other tests send every message through
            one running tier and through two (except the 101, which has its own tests). After each refused message they send a
            smuggled request or response that must never arrive. Fuzzers continue where the tables end
            ([fuzzing.md](fuzzing.md)).

            The word after a status is `detail` in the access log, or `cause` where there is no detail. The client receives the sentence for it in `Proxy-Status`.
            Long inputs are shortened with `…`.

            """
        text += section(
            "Request heads that are refused",
            "The client receives the status and `Connection: close`. Nothing is forwarded, and the bytes that follow are not read as a request.",
            ["Input", "Bytes", "Berth", "Why", "Clause"],
            (RequestCase.bad + RequestCase.floods).compactMap { example in
                guard case .refused(let error) = example.expected else { return nil }
                return [
                    example.name, code(example.bytes), "\(Failure(error).status) `\(error.token)`", error.why,
                    example.clause,
                ]
            }
        )
        text += section(
            "Request bodies that are refused",
            "If a body arrives in one read with its head, Berth checks it before it forwards anything. Otherwise the request has already begun upstream: Berth then closes that connection within the body, so that no target accepts the body as complete.",
            ["Body, after `Transfer-Encoding: chunked`", "Bytes", "Berth", "Why", "Clause"],
            BodyCase.bad.map { example in
                let error = example.error
                return [
                    example.name, code(example.bytes),
                    "\(Failure(requestBody: error).status) `\(error.token)`", error.why,
                    example.clause,
                ]
            }
        )
        var passing: [[String]] = []
        var declined: [[String]] = []
        for example in RequestCase.good {
            switch try RequestVerdict(example.bytes) {
            case .refused(let failure):
                declined.append([
                    example.name, code(example.bytes),
                    "\(failure.status) `\(failure.detail ?? failure.reason.rawValue)`",
                    failure.message,
                    example.clause,
                ])
            case .passes(let method, let target, let host, let framing, let keepAlive):
                passing.append([
                    example.name, code(example.bytes), code(Array("\(method) \(target)".utf8)),
                    code(Array(host.utf8)),
                    word(framing), keepAlive ? "stays open" : "closes", example.clause,
                ])
            }
        }
        text += section(
            "Requests that are well formed and still refused",
            "The parser accepts them, but the tier does not forward them.",
            ["Input", "Bytes", "Berth", "Why", "Clause"],
            declined
        )
        text += section(
            "Odd requests that pass in one meaning",
            "Berth always forwards HTTP/1.1 in origin form, with one `Host` and one framing, and without hop-by-hop fields (`Connection` and the fields that it names, `Keep-Alive`, `TE`, `Upgrade` except for a real upgrade, …).",
            ["Input", "Bytes", "Forwarded as", "Host", "Body", "Client's connection", "Clause"],
            passing
        )
        text += section(
            "Response heads that are refused",
            "The client receives a 502 from Berth and can continue. The upstream connection is closed and never reused.",
            ["Response", "Bytes", "Berth", "Why", "Clause"],
            ResponseCase.bad.compactMap { example in
                guard case .refused(let error) = example.expected else { return nil }
                return [example.name, code(example.bytes), "502 `\(error.token)`", error.why, example.clause]
            }
        )
        text += """

            ## Response bodies

            The chunked bodies above are refused in responses too, and the upstream connection is closed. If nothing was
            forwarded yet, the client receives a 502. Otherwise the response breaks off without its end. The upstream
            connection is also closed if bytes follow a response without a request for them.

            """
        text += section(
            "Odd responses that pass in one meaning",
            "",
            ["Response", "Bytes", "Read as", "Clause"],
            ResponseCase.good.compactMap { example in
                guard case .head(let meaning, _) = example.expected else { return nil }
                let shown = meaning.prefix { $0 != "[" }
                return [
                    example.name, code(example.bytes), code(Array(shown.dropLast().utf8)), example.clause,
                ]
            }
        )
        return text + (try http2())
    }

    /// The tables of requests over HTTP/2, which the end-to-end tests send and write.
    private static func http2() throws -> String {
        let table = try HTTP2RequestTable.read()
        guard table.cases.contains(where: { $0.berth != nil }) else { return "" }
        func spans(_ example: HTTP2RequestTable.Case) -> String {
            example.shown.map { code(Array($0.utf8)) }.filter { !$0.isEmpty }.joined(separator: "<br>")
        }
        let refused = section(
            "HTTP/2 requests that are refused",
            "What would be another request, or several, in HTTP/1.1 reaches no container. The other fields are `:method: GET`, `:scheme: http`, `:authority: www.test.priv` and `:path: /`. The rows come from `Tests/EndToEnd/http2/requests.json`: the end-to-end tests send each one to a running tier, and through two tiers with HTTP/1.1 or HTTP/2 between them, before a container that reads every byte strictly. What becomes of a request is the same each time.",
            ["Input", "Fields, body, trailers", "Berth", "Why", "Clause"],
            table.cases.filter { !$0.isForwarded }.map {
                [$0.name, spans($0), $0.response, table.reasons[$0.why ?? ""] ?? "", $0.clause]
            }
        )
        return refused
            + section(
                "Odd HTTP/2 requests that pass in one meaning",
                "",
                ["Input", "Fields, body, trailers", "Forwarded as", "Clause"],
                table.cases.filter(\.isForwarded).map { [$0.name, spans($0), $0.response, $0.clause] }
            )
    }

    private static func section(_ title: String, _ lead: String, _ columns: [String], _ rows: [[String]])
        -> String
    {
        var text = "\n## \(title)\n\n" + (lead.isEmpty ? "" : lead + "\n\n")
        text += "| " + columns.joined(separator: " | ") + " |\n"
        text += "|" + String(repeating: "---|", count: columns.count) + "\n"
        for row in rows { text += "| " + row.joined(separator: " | ") + " |\n" }
        return text
    }

    private static func word(_ framing: BodyFraming) -> String {
        switch framing {
        case .none, .untilClose: "none"
        case .length(let length): "length \(length)"
        case .chunked: "chunked"
        }
    }

    /// Bytes as a code span in a table: control bytes spelled out, long stretches left out.
    private static func code(_ bytes: [UInt8]) -> String {
        var text = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\r": text += "\\r"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "|": text += "\\|"
            case "\0"..<" ", "\u{7F}":
                text += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: text.unicodeScalars.append(scalar)
            }
        }
        if text.count > 160 { text = text.prefix(80) + "…" + text.suffix(40) }
        if text.isEmpty { return "" }
        return text.contains("`") ? "`` \(text) ``" : "`\(text)`"
    }
}
