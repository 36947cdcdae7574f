import COpenSSL

/// A block of a PEM file (RFC 7468): `-----BEGIN label-----` to `-----END label-----`.
package struct PEMBlock: Equatable, Sendable {
    /// `CERTIFICATE`, `PRIVATE KEY`
    package let label: String
    /// The line of its beginning; the first is 1.
    package let line: Int
    /// Its bytes, with both of these lines.
    package let range: Range<Int>

    /// A block that has no end, or another block's.
    package struct Unended: Error, Equatable {
        /// The line of its beginning.
        package let line: Int
        package let label: String
    }

    /// The blocks of a file, in order. Text between them has no meaning: programs write the contents in words there.
    package static func blocks(_ file: [UInt8]) throws(Unended) -> [PEMBlock] {
        var blocks: [PEMBlock] = []
        var open: (label: String, line: Int, start: Int)?
        var line = 0
        var start = 0
        while start < file.count {
            line += 1
            let end = file[start...].firstIndex(of: newline) ?? file.count
            if let label = label(file[start..<end], after: "-----BEGIN ") {
                if let open { throw Unended(line: open.line, label: open.label) }
                open = (label, line, start)
            } else if let label = label(file[start..<end], after: "-----END ") {
                if let begun = open {
                    guard begun.label == label else { throw Unended(line: begun.line, label: begun.label) }
                    blocks.append(PEMBlock(label: label, line: begun.line, range: begun.start..<end))
                    open = nil
                }
            }
            start = end + 1
        }
        if let open { throw Unended(line: open.line, label: open.label) }
        return blocks
    }

    private static let newline = UInt8(ascii: "\n")
    private static let dashes = Array("-----".utf8)

    private static func label(_ line: ArraySlice<UInt8>, after prefix: String) -> String? {
        var line = line
        while let last = line.last, last == UInt8(ascii: "\r") || last == UInt8(ascii: " ") {
            line.removeLast()
        }
        let prefix = Array(prefix.utf8)
        guard line.starts(with: prefix), line.suffix(dashes.count).elementsEqual(dashes),
            line.count >= prefix.count + dashes.count
        else { return nil }
        return String(decoding: line.dropFirst(prefix.count).dropLast(dashes.count), as: UTF8.self)
    }
}

extension PEMBlock {
    package var isCertificate: Bool {
        label == "CERTIFICATE" || label == "X509 CERTIFICATE" || label == "TRUSTED CERTIFICATE"
    }

    /// Also of a key with a password.
    package var isKey: Bool { label == "PRIVATE KEY" || label.hasSuffix(" PRIVATE KEY") }

    /// Reads its bytes with OpenSSL.
    ///
    /// - Parameter body: what reads; it releases nothing.
    /// - Returns: what `body` returns; nil also where memory is short.
    func read(in file: [UInt8], _ body: (_ bio: OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
        defer { ERR_clear_error() }
        return file.withUnsafeBytes { bytes in
            let own = UnsafeRawBufferPointer(rebasing: bytes[range])
            guard let bio = BIO_new_mem_buf(own.baseAddress, Int32(clamping: own.count)) else { return nil }
            defer { BIO_free(bio) }
            return body(bio)
        }
    }
}
