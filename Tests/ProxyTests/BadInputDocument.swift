import HTTP1
import HTTPCases

@testable import Proxy
@testable import ProxyCore

/// docs/bad-inputs.md, made of the tables that the tests go by.
enum BadInputDocument {
    static func text() throws -> String {
        var text = """
            # What Berth does with bad input

            Berth stands in front of other people's containers, and often behind another Berth. Wherever two readers of
            the same bytes disagree about where a message ends, or whom it is for, somebody can smuggle a request past
            one of them. So there are two outcomes only: a message is refused and its connection closed, or it is passed
            on, rewritten, in exactly one meaning.

            This page is generated from the tables in `Tests/HTTPCases`; a test fails when they differ
            (`BERTH_UPDATE_GOLDEN=1 swift test --filter BadInputDocumentTests` writes it anew). Other tests send all
            of it (but the 101, which has tests of its own) through one running tier and through two, the refused with a
            smuggled request or answer behind them that must never arrive, and fuzzers go on where the tables end ([fuzzing.md](fuzzing.md)).

            The words beside a status are constants of the source; the client reads the sentence that belongs to it in
            `Proxy-Status`. Long inputs are shortened with `…`.

            """
        text += section(
            "Request heads that are refused",
            "The client gets the status and `Connection: close`, nothing goes to any target, and what follows is not read as a request.",
            ["Input", "Bytes", "Berth", "Why", "Clause"],
            (RequestCase.bad + RequestCase.floods).compactMap { example in
                guard case .refused(let error) = example.expected else { return nil }
                return [
                    example.name, code(example.bytes), "\(error.status) `\(error.token)`", error.why,
                    example.clause,
                ]
            }
        )
        text += section(
            "Request bodies that are refused",
            "A body that comes in one read with its head is looked at before anything goes on. Later on its request has begun upstream: then that connection is closed within the body, so that no target takes it for whole.",
            ["Body, after `Transfer-Encoding: chunked`", "Bytes", "Berth", "Why", "Clause"],
            BodyCase.bad.map { example in
                let error = example.error
                return [
                    example.name, code(example.bytes), "\(error.status) `\(error.token)`", error.why,
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
                    example.name, code(example.bytes), "\(failure.status) `\(failure.reason.rawValue)`",
                    failure.detail,
                    example.clause,
                ])
            case .passes(let method, let target, let host, let framing, let keepAlive):
                passing.append([
                    example.name, code(example.bytes), code(Array("\(method) \(target)".utf8)),
                    code(Array(host.utf8)),
                    word(framing), keepAlive ? "stays" : "closes", example.clause,
                ])
            }
        }
        text += section(
            "Requests that are well formed and still refused",
            "The parser takes them; the tier does not pass them on.",
            ["Input", "Bytes", "Berth", "Why", "Clause"],
            declined
        )
        text += section(
            "Odd requests that pass in one meaning",
            "What goes on is always HTTP/1.1 in origin form, with one `Host` and one framing, without the fields of one hop (`Connection` and what it names, `Keep-Alive`, `TE`, `Upgrade` but for a real upgrade, …).",
            ["Input", "Bytes", "Goes on as", "Host", "Body", "Client's connection", "Clause"],
            passing
        )
        text += section(
            "Answers' heads that are refused",
            "The client gets a 502 of Berth's own and may go on; the upstream connection is closed and serves nobody else.",
            ["Answer", "Bytes", "Berth", "Why", "Clause"],
            ResponseCase.bad.compactMap { example in
                guard case .refused(let error) = example.expected else { return nil }
                return [example.name, code(example.bytes), "502 `\(error.token)`", error.why, example.clause]
            }
        )
        text += """

            ## Answers' bodies

            The chunked bodies above are refused in answers too: the answer breaks off without its end, or is a 502 where
            nothing of it had gone to the client, and the upstream connection is closed. So it is when an answer is followed by bytes
            that nobody asked for.

            """
        text += section(
            "Odd answers that pass in one meaning",
            "",
            ["Answer", "Bytes", "Is taken as", "Clause"],
            ResponseCase.good.compactMap { example in
                guard case .head(let meaning, _) = example.expected else { return nil }
                let shown = meaning.prefix { $0 != "[" }
                return [
                    example.name, code(example.bytes), code(Array(shown.dropLast().utf8)), example.clause,
                ]
            }
        )
        return text
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
