using Chancery.Testing.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Models.Tests;

/// <summary>One scripted model for each test.</summary>
public abstract class ModelTest : IAsyncLifetime
{
    protected const string Key = "sk-very-secret-key";

    private readonly HttpClient _http = new();

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected static IReadOnlyList<ChatMessage> Hello { get; } = [new(ChatRole.User, "How long is the notice period?")];

    protected ScriptedModelServer Model { get; private set; } = null!;

    protected HttpClient Http => _http;

    protected ModelEndpoint Endpoint => new(Model.BaseAddress, "scripted", Key);

    protected OpenAICompatibleChatClient Chat => new(_http, Endpoint);

    public async ValueTask InitializeAsync() => Model = await ScriptedModelServer.StartAsync(cancellationToken: Cancel);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Model.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task<List<ChatResponseUpdate>> StreamAsync()
    {
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in Chat.GetStreamingResponseAsync(Hello, cancellationToken: Cancel))
            updates.Add(update);
        return updates;
    }

    /// <summary>What came before the stream failed, and how it failed.</summary>
    protected async Task<(string Text, ModelException Failure)> BrokenStreamAsync()
    {
        var text = "";
        var failure = await Assert.ThrowsAsync<ModelException>(async () =>
        {
            await foreach (var update in Chat.GetStreamingResponseAsync(Hello, cancellationToken: Cancel))
                text += update.Text;
        });
        return (text, failure);
    }
}
