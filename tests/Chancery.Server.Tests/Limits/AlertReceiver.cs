using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chancery.Server.Tests.Limits;

/// <summary>An alert as it came.</summary>
public sealed record AlertArrival(string Path, string Body, string? Signature)
{
    public JsonElement Json { get; } = JsonDocument.Parse(Body).RootElement;

    public Guid Organisation => Json.GetProperty("organization_id").GetGuid();

    public bool IsSignedWith(string secret)
    {
        var parts = Signature!
            .Split(',')
            .Select(part => part.Split('='))
            .ToDictionary(part => part[0], part => part[1]);
        var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{parts["t"]}.{Body}"));
        return Convert.ToHexStringLower(mac) == parts["v1"];
    }
}

/// <summary>Where alerts arrive, on loopback: as many fail first as a test says.</summary>
public sealed class AlertReceiver : IAsyncDisposable
{
    private WebApplication _app = null!;

    public Uri Address { get; private set; } = null!;

    public ConcurrentQueue<AlertArrival> Arrived { get; } = [];

    /// <summary>How often addresses of an organisation, all but /operator, fail yet.</summary>
    public ConcurrentDictionary<Guid, int> Failing { get; } = [];

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.MapPost("/{**path}", (Delegate)TakeAsync);
        await _app.StartAsync();
        Address = new Uri(_app.Urls.First().TrimEnd('/') + "/");
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> TakeAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var arrival = new AlertArrival(
            http.Request.Path,
            await reader.ReadToEndAsync(http.RequestAborted),
            http.Request.Headers["X-Chancery-Signature"].FirstOrDefault()
        );
        if (arrival.Path != "/operator" && Failing.TryGetValue(arrival.Organisation, out var left) && left > 0)
        {
            Failing[arrival.Organisation] = left - 1;
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }

        Arrived.Enqueue(arrival);
        return Results.NoContent();
    }
}
