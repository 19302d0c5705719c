-- Says as JSON what wrk counted.
done = function(summary, latency, requests)
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"bytes":%d,"refused":%d,"p99Ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
    latency:percentile(99) / 1000))
end
