using System.Net.Http.Headers;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Telemetry;

public sealed class RequestLogTests(RequestLogTests.Fixture chancery) : IClassFixture<RequestLogTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_is_one_line_with_method_route_status_time_and_ids()
    {
        var id = $"test-{Guid.CreateVersion7():n}";

        await SendAsync("/api", id);

        var line = await LineOfAsync(id);
        Assert.Equal("GET", line.GetProperty("method").GetString());
        Assert.Equal("/api", line.GetProperty("route").GetString());
        Assert.Equal(200, line.GetProperty("status").GetInt32());
        Assert.True(line.GetProperty("elapsed_ms").GetDouble() >= 0);
        Assert.Equal(32, line.GetProperty("trace_id").GetString()!.Length);
    }

    [Fact]
    public async Task The_traces_id_in_the_log_is_the_callers()
    {
        var id = $"test-{Guid.CreateVersion7():n}";
        const string trace = "4bf92f3577b34da6a3ce929d0e0e4736";

        await SendAsync("/api", id, request => request.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01"));

        Assert.Equal(trace, (await LineOfAsync(id)).GetProperty("trace_id").GetString());
    }

    [Fact]
    public async Task Neither_path_nor_query_nor_header_of_a_request_is_written()
    {
        var id = $"test-{Guid.CreateVersion7():n}";
        var secret = $"s3cr3t{Guid.CreateVersion7():n}";

        await SendAsync(
            $"/no-such/{secret}?token={secret}&q={secret}",
            id,
            request =>
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
                request.Headers.Add("Cookie", $"__Host-chancery={secret}");
            }
        );

        var line = await LineOfAsync(id);
        Assert.DoesNotContain(secret, line.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, await AllAsync(), StringComparison.Ordinal);
    }

    private async Task SendAsync(string address, string id, Action<HttpRequestMessage>? change = null)
    {
        using var client = chancery.Anonymous();
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("X-Request-Id", id);
        change?.Invoke(request);
        using var response = await client.SendAsync(request, Cancel);
    }

    /// <summary>Lines are written by a task of their own, a moment after the answer.</summary>
    private async Task<JsonElement> LineOfAsync(string id)
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            var lines = (await AllAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var found = lines
                .Where(line => line.Contains(id, StringComparison.Ordinal))
                .Select(line => JsonSerializer.Deserialize<JsonElement>(line))
                .Where(line => line.TryGetProperty("elapsed_ms", out _))
                .ToList();
            if (found.Count > 0)
            {
                Assert.Single(found);
                Assert.Equal(id, found[0].GetProperty("request_id").GetString());
                return found[0];
            }

            await Task.Delay(25, Cancel);
        }

        throw new TimeoutException($"No line of {id} within 5 s.");
    }

    private async Task<string> AllAsync()
    {
        var directory = Path.Combine(chancery.Storage.DataDirectory, "logs");
        if (!Directory.Exists(directory) || Directory.GetFiles(directory, "app_serve_*.log") is not [var path])
        {
            return "";
        }

        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        var text = await reader.ReadToEndAsync(Cancel);
        return text[..(text.LastIndexOf('\n') + 1)];
    }

    public sealed class Fixture : ChanceryFixture
    {
        public Fixture()
        {
            Settings["LOG_TO_FILE"] = "true";
            Settings["LOG_LEVEL"] = "Information";
        }
    }
}
