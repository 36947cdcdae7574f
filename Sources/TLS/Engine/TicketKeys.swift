import COpenSSL
import NIOConcurrencyHelpers
import NIOCore

/// The keys of session tickets (RFC 5077, RFC 8446 §4.6.1): a new one each `lifetime`, the one before for as long again.
///
/// They live in memory alone, and are gone with the process: who takes the machine later cannot read what was recorded
/// more than two lifetimes ago.
///
/// Any thread.
final class TicketKeys: Sendable {
    /// How long a key protects new tickets.
    static let lifetime = TimeAmount.hours(12)
    private static let nameBytes = 16
    private static let keyBytes = 32
    private static let macBytes = 32

    /// Fetched once: OpenSSL would look it up for each ticket. Never changed; nil: out of memory.
    private nonisolated(unsafe) static let cipher = EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)

    struct Key: Equatable, Sendable {
        /// Sent with the ticket, unprotected.
        let name: [UInt8]
        fileprivate let cipher: [UInt8]
        fileprivate let mac: [UInt8]
        fileprivate let made: NIODeadline

        /// - Returns: nil where the system has no random bytes.
        fileprivate init?(now: NIODeadline) {
            var bytes = [UInt8](repeating: 0, count: TicketKeys.nameBytes)
            var secret = [UInt8](repeating: 0, count: TicketKeys.keyBytes + TicketKeys.macBytes)
            guard RAND_bytes(&bytes, Int32(bytes.count)) == 1,
                RAND_priv_bytes(&secret, Int32(secret.count)) == 1
            else { return nil }
            name = bytes
            cipher = Array(secret[..<TicketKeys.keyBytes])
            mac = Array(secret[TicketKeys.keyBytes...])
            made = now
        }
    }

    /// The newest first, two at most.
    private let keys = NIOLockedValueBox<[Key]>([])

    init() {}

    /// The key for a new ticket; nil: the ticket cannot be made.
    func newest(now: NIODeadline) -> Key? {
        keys.withLockedValue { keys in
            if let key = keys.first, now - key.made < Self.lifetime { return key }
            guard let key = Key(now: now) else { return nil }
            keys.removeAll { now - $0.made >= Self.lifetime * 2 }
            keys.insert(key, at: 0)
            if keys.count > 2 { keys.removeLast(keys.count - 2) }
            return key
        }
    }

    /// The key of a ticket; nil: it is not one of these keys', or too old.
    func find(_ name: UnsafeBufferPointer<UInt8>, now: NIODeadline) -> (key: Key, isNewest: Bool)? {
        keys.withLockedValue { keys in
            guard let index = keys.firstIndex(where: { $0.name.elementsEqual(name) }),
                now - keys[index].made < Self.lifetime * 2
            else { return nil }
            return (keys[index], index == 0 && now - keys[index].made < Self.lifetime)
        }
    }

    // MARK: OpenSSL's callback

    /// See SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 0: no key, 1: good, 2: good, and the client gets a new ticket; negative:
    /// an error.
    ///
    /// - Parameter renews: the client gets a new ticket each time, as TLS 1.3 has it (RFC 8446 §C.4): it uses each but once,
    ///   so that nobody can link its connections.
    func protect(
        name: UnsafeMutablePointer<UInt8>,
        iv: UnsafeMutablePointer<UInt8>,
        _ cipher: OpaquePointer,
        _ mac: OpaquePointer,
        encrypts: Bool,
        renews: Bool,
        now: NIODeadline = .now()
    ) -> Int32 {
        let key: Key
        var result: Int32 = 1
        if encrypts {
            guard Self.cipher != nil, let newest = newest(now: now),
                RAND_bytes(iv, EVP_CIPHER_get_iv_length(Self.cipher)) == 1
            else { return -1 }
            key = newest
            for index in 0..<Self.nameBytes { name[index] = key.name[index] }
        } else {
            guard let found = find(UnsafeBufferPointer(start: name, count: Self.nameBytes), now: now) else {
                return 0
            }
            key = found.key
            result = found.isNewest && !renews ? 1 : 2
        }
        var macKey = key.mac
        let isReady = berth_ticket_protect(
            Self.cipher,
            cipher,
            mac,
            key.cipher,
            &macKey,
            macKey.count,
            iv,
            encrypts ? 1 : 0
        )
        return isReady == 1 ? result : -1
    }
}
