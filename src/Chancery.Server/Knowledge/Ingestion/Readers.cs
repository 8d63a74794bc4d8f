using Chancery.Documents;

namespace Chancery.Server.Knowledge.Ingestion;

/// <summary>The process's one reader, made when the first document comes.</summary>
internal sealed class Readers : IAsyncDisposable
{
    private readonly SemaphoreSlim _making = new(1, 1);
    private DocumentReader? _reader;

    public async Task<DocumentReader> GetAsync(CancellationToken cancellationToken)
    {
        await _making.WaitAsync(cancellationToken);
        try
        {
            if (_reader is null)
            {
                var options = new ReaderProgram().Place();
                _reader = new DocumentReader(options, await Sandbox.ProbeAsync(options.SearchPath, cancellationToken));
                _reader.Warm();
            }

            return _reader;
        }
        finally
        {
            _making.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_reader is not null)
        {
            await _reader.DisposeAsync();
        }

        _making.Dispose();
    }
}
