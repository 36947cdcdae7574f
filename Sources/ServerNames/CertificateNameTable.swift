import Routing

/// Which of many values (certificates) a server name gets: an exact name before a wildcard.
///
/// Of two values with one name, the first that was added is found. A lookup takes the same time however many names
/// there are.
package struct CertificateNameTable<Value> {
    private var exact: [[UInt8]: Value] = [:]
    private var wildcards: [[UInt8]: Value] = [:]
    private var addresses: [IPAddress: Value] = [:]

    package init() {}

    /// - Returns: the value that has the name already; then nothing changes.
    @discardableResult
    package mutating func add(_ name: CertificateName, _ value: Value) -> Value? {
        switch name {
        case .exact(let host): Self.add(host.bytes, value, to: &exact)
        case .wildcard(let parent): Self.add(parent.bytes, value, to: &wildcards)
        case .address(let address): Self.add(address, value, to: &addresses)
        }
    }

    /// The value that has exactly this name.
    package subscript(name: CertificateName) -> Value? {
        get {
            switch name {
            case .exact(let host): exact[host.bytes]
            case .wildcard(let parent): wildcards[parent.bytes]
            case .address(let address): addresses[address]
            }
        }
        set {
            switch name {
            case .exact(let host): exact[host.bytes] = newValue
            case .wildcard(let parent): wildcards[parent.bytes] = newValue
            case .address(let address): addresses[address] = newValue
            }
        }
    }

    /// The value for a client that wants `name`; nil: none covers it.
    package func value(for name: ServerName) -> Value? {
        switch name {
        case .address(let address): return addresses[address]
        case .host(let host):
            if let value = exact[host.bytes] { return value }
            guard !wildcards.isEmpty, let parent = host.parent else { return nil }
            return wildcards[Array(parent)]
        }
    }

    /// A wildcard that would cover `name` if it had fewer labels: `*.test.priv` for `a.b.test.priv`.
    package func shallowWildcard(for name: ServerName) -> CertificateName? {
        guard case .host(let host) = name, !wildcards.isEmpty else { return nil }
        var rest = host.bytes[...]
        var labels = 0
        while let dot = rest.firstIndex(of: UInt8(ascii: ".")) {
            rest = rest[(dot + 1)...]
            labels += 1
            guard labels > 1, wildcards[Array(rest)] != nil else { continue }
            return CertificateName("*." + String(decoding: rest, as: UTF8.self))
        }
        return nil
    }

    /// How many names there are.
    package var count: Int { exact.count + wildcards.count + addresses.count }

    private static func add<Key: Hashable>(_ key: Key, _ value: Value, to table: inout [Key: Value]) -> Value?
    {
        if let first = table[key] { return first }
        table[key] = value
        return nil
    }
}

extension CertificateNameTable: Sendable where Value: Sendable {}
