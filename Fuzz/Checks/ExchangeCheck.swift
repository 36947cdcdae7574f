import HTTP1
import NIOCore

/// What Berth passes on of a request and of its answer means, to the next reader, what Berth took it to mean:
/// through one tier and through two.
///
/// The input is a request, the byte 0x1E (which no head can have), and an answer.
enum ExchangeCheck {
    static func run(_ bytes: [UInt8]) throws(Contradiction) {
        let parts = bytes.split(separator: 0x1E, maxSplits: 1, omittingEmptySubsequences: false)
        let request = Array(parts[0])
        let answer = parts.count > 1 ? Array(parts[1]) : []
        var method = MethodKind.get
        if case .head(let meaning) = RequestHeadCheck.read(request) {
            method = meaning.kind
            try forward(request, meaning)
        }
        for version in [HTTPVersion.http11, .http10] {
            try AnswerCheck.run(answer, to: method, downstream: version)
        }
    }

    /// Through the front tier and, from there, through the local one; then through one whose rule edits fields.
    private static func forward(_ request: [UInt8], _ meaning: RequestMeaning) throws(Contradiction) {
        guard let front = try HopOfCheck.front.pass(request, meaning) else { return }
        // The last proxy responds itself.
        if front.meaning.kind == .options, front.meaning.maxForwards == 0 { return }
        guard let local = try HopOfCheck.local.pass(front.bytes, front.meaning) else {
            throw Contradiction("the second tier refuses what the first passed on", front.bytes)
        }
        _ = local
        guard try HopOfCheck.editing.pass(request, meaning) != nil else {
            throw Contradiction("a rule that edits fields refuses the request", request)
        }
    }
}
