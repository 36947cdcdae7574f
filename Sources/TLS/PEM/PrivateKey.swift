import COpenSSL

/// A private key of OpenSSL's, released with this.
final class PrivateKey {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_PKEY_free(pointer) }

    /// The pointer with a reference of its own, which whoever calls this releases.
    func retained() -> OpaquePointer {
        EVP_PKEY_up_ref(pointer)
        return pointer
    }

    /// - Parameter pem: one block. A key with a password cannot be read: nobody is there to enter it.
    convenience init?(pem: UnsafeRawBufferPointer) {
        defer { ERR_clear_error() }
        guard let bio = BIO_new_mem_buf(pem.baseAddress, Int32(clamping: pem.count)) else { return nil }
        defer { BIO_free(bio) }
        guard let pointer = PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in 0 }, nil) else { return nil }
        self.init(pointer)
    }

    convenience init?(der: SecretBytes) {
        defer { ERR_clear_error() }
        let pointer = der.withBytes { bytes in
            var next = bytes.bindMemory(to: UInt8.self).baseAddress
            return d2i_AutoPrivateKey(nil, &next, bytes.count)
        }
        guard let pointer else { return nil }
        self.init(pointer)
    }

    /// Nil: it has no such form, as one in a hardware module.
    var der: SecretBytes? {
        defer { ERR_clear_error() }
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_PrivateKey(pointer, &bytes)
        guard count > 0, let bytes else { return nil }
        return SecretBytes(owning: bytes, count: Int(count))
    }

    func belongs(to certificate: X509Certificate) -> Bool {
        defer { ERR_clear_error() }
        return X509_check_private_key(certificate.pointer, pointer) == 1
    }
}
