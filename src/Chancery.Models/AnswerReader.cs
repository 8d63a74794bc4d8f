using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>Reads one answer of one protocol, whole or event by event. One for each attempt; not for concurrent use.</summary>
internal abstract class AnswerReader(string model)
{
    /// <summary>The model that was asked, until the answer names its own.</summary>
    protected string Model { get; } = model;

    /// <summary>What the answer has reported so far. Reports are sums, so that the last stands.</summary>
    public UsageDetails? Usage { get; protected set; }

    /// <summary>Whether what came is all of an answer: it said why it ended, in the way of its protocol.</summary>
    public bool IsComplete { get; protected set; }

    /// <summary>Whether the protocol's last event came, after which nothing is read.</summary>
    public bool IsOver { get; protected set; }

    /// <summary>Takes one event of a stream; <see langword="null"/> where it tells the caller nothing.</summary>
    /// <exception cref="JsonException">It is not what the protocol says.</exception>
    /// <exception cref="ModelException">It is an error.</exception>
    public abstract ChatResponseUpdate? Read(ReadOnlySpan<byte> data);

    /// <summary>Takes a whole answer.</summary>
    /// <exception cref="JsonException">It is not what the protocol says.</exception>
    /// <exception cref="ModelException">It is an error, or not all of an answer.</exception>
    public abstract ValueTask<ChatResponse> ReadAsync(Stream body, CancellationToken cancellationToken);

    /// <summary>An update of this answer with these contents.</summary>
    public abstract ChatResponseUpdate Update(IList<AIContent> contents);

    public ModelException Broken(Exception? exception = null) => ModelTransport.Broken(Model, exception, Usage);

    public ModelException Reported(JsonElement error) => ModelTransport.Reported(error, Model, Usage);
}
