import COpenSSL

/// Bytes of a private key, in memory that is overwritten before it is given back.
package final class SecretBytes: @unchecked Sendable {
    // Written once, before any other thread can see it.
    private let memory: UnsafeMutableRawPointer
    let count: Int
    /// The kind of the key (`EVP_PKEY_EC`).
    let kind: Int32

    /// - Parameter bytes: memory of OpenSSL's allocator, which this releases.
    init(owning bytes: UnsafeMutableRawPointer, count: Int, kind: Int32) {
        memory = bytes
        self.count = count
        self.kind = kind
    }

    deinit { CRYPTO_clear_free(memory, count, nil, 0) }

    func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        body(UnsafeRawBufferPointer(start: memory, count: count))
    }
}

extension [UInt8] {
    /// Overwrites the bytes, which may be those of a key.
    package mutating func erase() {
        withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
        removeAll()
    }
}
