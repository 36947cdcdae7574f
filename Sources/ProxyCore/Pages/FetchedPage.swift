import Bytes
import HTTP1
import NIOCore

/// An error page as a target sent it.
struct FetchedPage {
    /// The content's own fields.
    private(set) var fields: [LocalResponse.Field] = []
    private(set) var body: [UInt8] = []

    /// The maximum size of a page, bytes: it is held until its client has read it.
    static let maxBytes = 256 << 10

    init() {}

    init(_ head: borrowing ResponseHead, _ source: ByteBuffer) {
        let bytes = source.readableBytesUInt8Span
        for index in head.fields.indices {
            let field = head.fields[index]
            switch field.id {
            case .contentType, .contentEncoding, .contentLanguage, .cacheControl:
                fields.append(
                    (
                        [UInt8](copying: bytes.extracting(field.name.indices)),
                        [UInt8](copying: bytes.extracting(field.value.indices))
                    )
                )
            default: break
            }
        }
    }

    /// - Returns: false: the page would be too large.
    mutating func append(_ bytes: Span<UInt8>) -> Bool {
        guard body.count + bytes.count <= Self.maxBytes else { return false }
        body.append(bytes)
        return true
    }
}
