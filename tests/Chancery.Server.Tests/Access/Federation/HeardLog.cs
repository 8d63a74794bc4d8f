using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Chancery.Server.Tests.Access.Federation;

/// <summary>What the server wrote to its log.</summary>
internal sealed class HeardLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyList<string> Lines => [.. _lines];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        // Those of identity issuers.
        if (eventId.Id is >= 2030 and < 2040)
        {
            _lines.Enqueue(formatter(state, exception));
        }
    }

    public void Dispose() { }
}
