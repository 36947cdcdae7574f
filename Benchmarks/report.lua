-- wrk: hosts in turn (their list comes by the environment) and the figures as one line of JSON at the end.
local hosts = {}
for host in string.gmatch(os.getenv("BENCH_HOSTS") or "", "[^,]+") do hosts[#hosts + 1] = host end
local close = os.getenv("BENCH_CLOSE") == "1"
local extra = tonumber(os.getenv("BENCH_FIELDS") or "0")

local requests = {}
local turn = 0

function init(args)
    local headers
    for i, host in ipairs(hosts) do
        headers = { ["Host"] = host, ["User-Agent"] = "wrk", ["Accept"] = "*/*" }
        for n = 1, extra do headers["X-Field-" .. n] = "the value of field number " .. n end
        if close then headers["Connection"] = "close" end
        requests[i] = wrk.format("GET", nil, headers)
    end
    -- One host: wrk sends the same bytes again and again without asking Lua.
    if #requests == 1 then
        request = nil
        wrk.headers = headers
    end
end

function request()
    turn = turn % #requests + 1
    return requests[turn]
end

function done(summary, latency, _)
    io.write(string.format(
        'BENCH {"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p90":%d,"p99":%d,"p99_9":%d,"max":%d,' ..
        '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
        summary.requests, summary.duration, summary.bytes,
        latency:percentile(50), latency:percentile(90), latency:percentile(99), latency:percentile(99.9), latency.max,
        summary.errors.connect, summary.errors.read, summary.errors.write, summary.errors.status,
        summary.errors.timeout))
end
