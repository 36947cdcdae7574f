import COpenSSL

/// A private key of OpenSSL's, released with this.
package final class PrivateKey {
    private let pointer: OpaquePointer
    /// The form in which it was read, if `init(der:)` can read that; nil: `der` makes one.
    private let source: SecretBytes?

    init(_ pointer: OpaquePointer, source: SecretBytes? = nil) {
        self.pointer = pointer
        self.source = source
    }

    deinit { EVP_PKEY_free(pointer) }

    /// The pointer with a reference of its own, which whoever calls this releases.
    package func retained() -> OpaquePointer {
        EVP_PKEY_up_ref(pointer)
        return pointer
    }

    /// Nil: the block is not a valid key, or one with a password: nobody is there to enter it.
    package convenience init?(_ block: PEMBlock, in file: [UInt8]) {
        let pointer = block.read(in: file) { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in 0 }, nil) }
        guard let pointer else { return nil }
        self.init(pointer)
    }

    /// As above, four times as fast where the key is of the kind of the certificate's: OpenSSL then tries one form.
    package convenience init?(_ block: PEMBlock, in file: [UInt8], for certificate: X509Certificate) {
        var source: SecretBytes?
        if let pointer = Self.read(block, in: file, kind: certificate.kind, &source) {
            self.init(pointer, source: source)
        } else {
            self.init(block, in: file)
        }
    }

    private static func read(
        _ block: PEMBlock,
        in file: [UInt8],
        kind: Int32,
        _ source: inout SecretBytes?
    ) -> OpaquePointer? {
        var read: SecretBytes?
        let pointer = block.read(in: file) { bio -> OpaquePointer? in
            var label: UnsafeMutablePointer<CChar>?
            var header: UnsafeMutablePointer<CChar>?
            var data: UnsafeMutablePointer<UInt8>?
            var count = 0
            guard PEM_read_bio(bio, &label, &header, &data, &count) == 1 else { return nil }
            defer {
                CRYPTO_free(label, nil, 0)
                CRYPTO_free(header, nil, 0)
            }
            guard let data else { return nil }
            let bytes = SecretBytes(owning: data, count: count, kind: kind)
            // A header is that of a key with a password.
            guard let header, header.pointee == 0 else { return nil }
            read = bytes
            var next: UnsafePointer<UInt8>? = UnsafePointer(data)
            return d2i_PrivateKey(kind, nil, &next, count)
        }
        source = read
        return pointer
    }

    package convenience init?(der: SecretBytes) {
        defer { ERR_clear_error() }
        let pointer = der.withBytes { bytes in
            var next = bytes.bindMemory(to: UInt8.self).baseAddress
            return d2i_PrivateKey(der.kind, nil, &next, bytes.count)
        }
        guard let pointer else { return nil }
        self.init(pointer)
    }

    /// Nil: it has no such form, as one in a hardware module.
    package var der: SecretBytes? {
        // To make another one takes OpenSSL 3 longer than to read it.
        if let source { return source }
        defer { ERR_clear_error() }
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_PrivateKey(pointer, &bytes)
        guard count > 0, let bytes else { return nil }
        return SecretBytes(owning: bytes, count: Int(count), kind: EVP_PKEY_get_base_id(pointer))
    }

    package func belongs(to certificate: X509Certificate) -> Bool {
        defer { ERR_clear_error() }
        return X509_check_private_key(certificate.pointer, pointer) == 1
    }
}
