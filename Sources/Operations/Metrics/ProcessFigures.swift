import Glibc
import SystemSupport

/// What the system knows of this process (proc(5)). Nil: it does not tell.
struct ProcessFigures: Sendable {
    /// Bytes.
    let residentMemory: UInt64?
    let openDescriptors: Int?
    let maxDescriptors: Int?
    /// Seconds, of the user and of the system.
    let cpu: Double?
    /// Seconds since 1970.
    let start: Double?

    /// Reads some small files.
    static func read() -> ProcessFigures {
        let stat = Stat(text("/proc/self/stat") ?? "")
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        let boot = text("/proc/stat").flatMap(bootTime)
        let page = UInt64(clamping: sysconf(Int32(_SC_PAGESIZE)))
        return ProcessFigures(
            residentMemory: stat.map { $0.pages &* page },
            openDescriptors: openCount(),
            maxDescriptors: DescriptorLimit.current,
            cpu: ticks > 0 ? stat.map { Double($0.ticks) / ticks } : nil,
            start: ticks > 0 ? stat.flatMap { stat in boot.map { $0 + Double(stat.start) / ticks } } : nil
        )
    }

    /// `/proc/self/stat`.
    struct Stat {
        var ticks: UInt64
        var start: UInt64
        var pages: UInt64

        /// - Parameter text: the second field, in parentheses, may have spaces and parentheses itself.
        init?(_ text: String) {
            guard let end = text.lastIndex(of: ")") else { return nil }
            // From the third field on.
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 21, let user = UInt64(fields[11]), let system = UInt64(fields[12]),
                let start = UInt64(fields[19]), let pages = UInt64(fields[21])
            else { return nil }
            self.ticks = user &+ system
            self.start = start
            self.pages = pages
        }
    }

    /// The line `btime` of `/proc/stat`, seconds since 1970.
    private static func bootTime(_ text: String) -> Double? {
        for line in text.split(separator: "\n") where line.hasPrefix("btime ") {
            return Double(line.dropFirst(6))
        }
        return nil
    }

    private static func openCount() -> Int? {
        var status = Glibc.stat()
        // The number of descriptors, since Linux 6.2; 0 before.
        if lstat("/proc/self/fd", &status) == 0, status.st_size > 0 { return status.st_size }
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without `.`, `..` and the one that reads.
        return max(0, count - 3)
    }

    private static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += part[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
