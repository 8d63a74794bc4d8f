namespace Chancery.Documents;

/// <summary>A document that several programs are given, one after the other.</summary>
/// <param name="content">Read from its position; not closed.</param>
internal sealed class SharedContent(Stream content) : IDisposable
{
    private readonly long _start = content.Position;
    private readonly SemaphoreSlim _one = new(1);

    public async Task SendAsync(SandboxedProcess process, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            content.Position = _start;
            await process.SendAsync(content, cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();
}
