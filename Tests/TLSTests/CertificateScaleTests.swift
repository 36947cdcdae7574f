import CMalloc
import Foundation
import ServerNames
import Settings
import Testing

@testable import TLS

/// Many certificates, each with a key of its own. `BERTH_CERTIFICATES=10000` sets how many; times and
/// memory are printed.
@Suite struct CertificateScaleTests {
    private static let count = Int(ProcessInfo.processInfo.environment["BERTH_CERTIFICATES"] ?? "") ?? 500

    /// Resident memory of this process, bytes.
    private static var resident: Int {
        malloc_trim(0)
        let fields =
            (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
    }

    /// The processor time of this process for `body`.
    private static func processorTime(_ body: () throws -> Void) rethrows -> Duration {
        func now() -> Duration {
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        }
        let start = now()
        try body()
        return now() - start
    }

    @Test func `Each of many certificates is found, made when it is needed, and kept by a reload`() throws {
        let folder = try TestFolder()
        let authority = TestAuthority()
        for number in 0..<Self.count {
            let issued = authority.issue(["DNS:site\(number).test.priv", "DNS:*.site\(number).test.priv"])
            try folder.write("site\(number)", issued, chain: authority.pem)
        }
        let before = Self.resident
        var loaded: CertificateStore?
        let start = try Self.processorTime {
            loaded = try CertificateStore(CertificateSettings(folders: [folder.path]))
        }
        let store = try #require(loaded)
        let idle = Self.resident
        #expect(store.certificates.count == Self.count)
        // Nothing is parsed again.
        let old = store.certificates
        let reload = Self.processorTime { #expect(store.reload().isEmpty) }
        #expect(zip(old, store.certificates).allSatisfy { $0 === $1 })
        for number in 0..<Self.count {
            let found = store.certificate(for: ServerName("www.site\(number).test.priv"))
            #expect(found?.names.first?.description == "site\(number).test.priv")
            #expect(found?.isInUse == false)
        }
        let made = Self.processorTime {
            for certificate in store.certificates { #expect(certificate.objects() != nil) }
        }
        let used = Self.resident
        print(
            "\(Self.count) certificates: processor time of the start \(start), reload \(reload), all objects \(made), memory each",
            "\((idle - before) / Self.count) B, in use \((used - before) / Self.count) B"
        )
    }
}
