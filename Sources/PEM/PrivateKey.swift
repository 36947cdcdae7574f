import COpenSSL

/// A private key of OpenSSL's, released with this.
package final class PrivateKey {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }

    /// The pointer with a reference of its own, which whoever calls this releases.
    package func retained() -> OpaquePointer {
        EVP_PKEY_up_ref(pointer)
        return pointer
    }

    /// Nil: the block is not a valid key, or one with a password: nobody is there to enter it.
    package convenience init?(_ block: PEMBlock, in file: [UInt8]) {
        defer { ERR_clear_error() }
        let pointer = block.withBytes(in: file) { bytes -> OpaquePointer? in
            guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return nil
            }
            defer { BIO_free(bio) }
            return PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in 0 }, nil)
        }
        guard let pointer else { return nil }
        self.init(pointer)
    }

    package convenience init?(der: SecretBytes) {
        defer { ERR_clear_error() }
        let pointer = der.withBytes { bytes in
            var next = bytes.bindMemory(to: UInt8.self).baseAddress
            return d2i_AutoPrivateKey(nil, &next, bytes.count)
        }
        guard let pointer else { return nil }
        self.init(pointer)
    }

    /// Nil: it has no such form, as one in a hardware module.
    package var der: SecretBytes? {
        defer { ERR_clear_error() }
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_PrivateKey(pointer, &bytes)
        guard count > 0, let bytes else { return nil }
        return SecretBytes(owning: bytes, count: Int(count))
    }

    package func belongs(to certificate: X509Certificate) -> Bool {
        defer { ERR_clear_error() }
        return X509_check_private_key(certificate.pointer, pointer) == 1
    }
}
