import HTTP1
import HTTPCases
import TestSupport
import Testing

extension RequestCase: CustomTestStringConvertible {}
extension ResponseCase: CustomTestStringConvertible {}
extension BodyCase: CustomTestStringConvertible {}

/// Sizes of reads that add up to `count`.
func cuts(_ count: Int, using random: inout SeededRandom) -> [Int] {
    var sizes: [Int] = []
    var left = count
    let most = [1, 3, 17, 200].randomElement(using: &random) ?? 1
    while left > 0 {
        let size = Int.random(in: 1...min(left, most), using: &random)
        sizes.append(size)
        left -= size
    }
    return sizes
}

func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

extension Array<UInt8> {
    func slice(_ range: ByteRange) -> [UInt8] { Array(self[range.indices]) }
    func string(_ range: ByteRange) -> String { text(slice(range)) }
}

extension BodyFraming {
    var word: String {
        switch self {
        case .none: "no body"
        case .length(let length): "length \(length)"
        case .chunked: "chunked"
        case .untilClose: "until close"
        }
    }
}

/// Names of the fields that would be passed on, then, behind a bar, of those that would not.
private func names(_ fields: [Field], _ bytes: [UInt8]) -> String {
    let kept = fields.filter { !$0.hopByHop }.map { bytes.string($0.name) }
    let dropped = fields.filter(\.hopByHop).map { bytes.string($0.name) }
    return "[" + kept.joined(separator: " ") + (dropped.isEmpty ? "" : " | " + dropped.joined(separator: " "))
        + "]"
}

func describe(_ head: RequestHead, _ bytes: [UInt8]) -> String {
    var words = [
        "\(head.method)", bytes.string(head.methodRange), bytes.string(head.targetRange), "\(head.form)",
    ]
    words.append((head.needsSlash ? "+/" : "") + bytes.string(head.originForm))
    words.append("host=" + bytes.string(head.host))
    words.append("\(head.version)")
    words.append(head.framing.word)
    words.append(head.keepAlive ? "keep" : "close")
    if head.wantsUpgrade { words.append("upgrade") }
    if head.upgradeIsH2C { words.append("h2c") }
    if head.expectsContinue { words.append("continue") }
    words.append(names(head.fields, bytes))
    return words.joined(separator: " ")
}

func describe(_ head: ResponseHead, _ bytes: [UInt8]) -> String {
    var words = ["\(head.status)", "'\(bytes.string(head.reason))'", "\(head.version)", head.framing.word]
    words.append(head.keepAlive ? "keep" : "close")
    if head.isUpgrade { words.append("upgrade") }
    if head.isInterim { words.append("interim") }
    words.append(names(head.fields, bytes))
    return words.joined(separator: " ")
}

/// Feeds `bytes` in reads of these sizes, as a connection would.
func readRequest(_ bytes: [UInt8], in sizes: [Int]? = nil, limits: HeadLimits = .default) -> Outcome<
    RequestError
> {
    var head = RequestHead()
    var scanned = 0
    var count = 0
    for size in sizes ?? [bytes.count] {
        count += size
        let arrived = Array(bytes[..<count])
        do throws(RequestError) {
            if try head.parse(arrived.span, scanned: &scanned, limits: limits) {
                return .head(describe(head, arrived), length: head.length)
            }
        } catch {
            return .refused(error)
        }
    }
    return .incomplete
}

func readResponse(
    _ bytes: [UInt8],
    in sizes: [Int]? = nil,
    to method: MethodKind = .get,
    limits: HeadLimits = .default
) -> Outcome<ResponseError> {
    var head = ResponseHead()
    var scanned = 0
    var count = 0
    for size in sizes ?? [bytes.count] {
        count += size
        let arrived = Array(bytes[..<count])
        do throws(ResponseError) {
            if try head.parse(arrived.span, scanned: &scanned, limits: limits, requestMethod: method) {
                return .head(describe(head, arrived), length: head.length)
            }
        } catch {
            return .refused(error)
        }
    }
    return .incomplete
}
