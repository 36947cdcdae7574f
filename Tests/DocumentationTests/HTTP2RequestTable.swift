import Foundation

/// Tests/EndToEnd/http2/requests.json: requests over HTTP/2 that would be something else in HTTP/1.1, and what a tier does.
struct HTTP2RequestTable: Decodable {
    struct Case: Decodable {
        let name: String
        let clause: String
        /// A key of `reasons`; nil: there is nothing to explain.
        let why: String?
        let fields: [[String]]
        let body: String?
        let trailers: [[String]]?
        /// What a tier did, in Markdown; nil: no tier has run it yet.
        let berth: String?
        let passes: Meaning?

        /// The method and the target begin what a tier forwards.
        var isForwarded: Bool {
            passes != nil && berth?.hasPrefix("`\(passes?.line.prefix { $0 != " " } ?? "")") == true
        }

        /// As a cell of a table.
        var response: String { (berth ?? "").replacing("|", with: "\\|") }

        /// Its fields, without those of the usual request; the body; the trailers.
        var shown: [String] {
            let usual = [
                [":method", "GET"], [":method", "POST"], [":scheme", "http"],
                [":authority", "www.test.priv"], [":path", "/"],
            ]
            var parts = fields.filter {
                !usual.contains($0) || fields.filter { [first = $0[0]] in $0[0] == first }.count > 1
            }
            // The order, or what is missing, is what matters.
            if why == "order" || parts.isEmpty && body == nil && trailers == nil { parts = fields }
            var text = parts.map { $0.joined(separator: ": ") }
            if let body { text.append(body) }
            return text + (trailers ?? []).map { $0.joined(separator: ": ") }
        }
    }

    struct Meaning: Decodable {
        let line: String
    }

    let reasons: [String: String]
    let cases: [Case]

    static func read() throws -> HTTP2RequestTable {
        let path = Repository.root.appending(path: "Tests/EndToEnd/http2/requests.json")
        return try JSONDecoder().decode(HTTP2RequestTable.self, from: Data(contentsOf: path))
    }
}
