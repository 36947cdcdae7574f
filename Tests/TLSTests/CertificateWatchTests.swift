import Dispatch
import NIOConcurrencyHelpers
import ServerNames
import Settings
import SystemSupport
import Testing

@testable import TLS

@Suite struct CertificateWatchTests {
    private let folder: TestFolder
    private let authority = TestAuthority()

    init() throws {
        folder = try TestFolder()
    }

    /// The reloads of a watch, to be waited for one after another.
    private final class Reloads: Sendable {
        private let all = NIOLockedValueBox<[[CertificateProblem]]>([])
        private let arrived = DispatchSemaphore(value: 0)

        func add(_ problems: [CertificateProblem]) {
            all.withLockedValue { $0.append(problems) }
            arrived.signal()
        }

        /// The problems of the next reload; nil: there is none within a minute.
        func next() -> [CertificateProblem]? {
            guard arrived.wait(timeout: .now() + 60) == .success else { return nil }
            return all.withLockedValue { $0.removeFirst() }
        }
    }

    @Test func `A pair that is replaced is in force soon, and one that cannot be used is reported once`()
        throws
    {
        try folder.write("a", authority.issue(["DNS:a.test.priv"]))
        let settings = CertificateSettings(
            pairs: [.init(certificate: folder["a.pem"], key: folder["a.key"])],
            folders: []
        )
        let store = try CertificateStore(settings)
        let reloads = Reloads()
        let watch = try CertificateWatch([store], interval: .milliseconds(5)) { reloads.add($1) }
        defer { watch.stop() }
        try folder.write("a.pem", "garbage")
        #expect(reloads.next()?.count == 1)
        #expect(store.certificate(for: ServerName("a.test.priv")) != nil)
        let new = authority.issue(["DNS:b.test.priv"])
        try folder.write("a.pem", new.certificate + new.key)
        try folder.write("a.key", new.key)
        // The two may have been read as one change or as two.
        while let problems = reloads.next(), !problems.isEmpty {}
        #expect(store.certificate(for: ServerName("b.test.priv")) != nil)
    }

    @Test func `Lookups go on while certificates are replaced`() throws {
        let settings = CertificateSettings(folders: [folder["f"]])
        try folder.write("f/a", authority.issue(["DNS:a.test.priv"]))
        let store = try CertificateStore(settings)
        let isDone = NIOLockedValueBox(false)
        let misses = NIOLockedValueBox(0)
        let ended = DispatchSemaphore(value: 0)
        for _ in 0..<4 {
            let hasStarted = BlockingThread.start {
                while !isDone.withLockedValue({ $0 }) {
                    if store.certificate(for: ServerName("a.test.priv"))?.objects() == nil {
                        misses.withLockedValue { $0 += 1 }
                    }
                }
                ended.signal()
            }
            #expect(hasStarted)
        }
        for _ in 0..<50 {
            try folder.write("f/a", authority.issue(["DNS:a.test.priv"]))
            _ = store.reload()
        }
        isDone.withLockedValue { $0 = true }
        for _ in 0..<4 { #expect(ended.wait(timeout: .now() + 60) == .success) }
        #expect(misses.withLockedValue { $0 } == 0)
    }
}
