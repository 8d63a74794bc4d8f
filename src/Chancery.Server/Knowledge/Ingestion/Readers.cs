using Chancery.Documents;
using Chancery.Server.Platform;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Chancery.Server.Knowledge.Ingestion;

/// <summary>The process's one reader, made for the first file; its walls are tried at the start. Safe for concurrent use.</summary>
internal sealed class Readers(
    Storage storage,
    IHostEnvironment environment,
    IOptions<KnowledgeOptions> options,
    ILogger<Readers> logger
) : BackgroundService, IAsyncDisposable
{
    private readonly SemaphoreSlim _making = new(1, 1);
    private DocumentReader? _reader;
    private Sandbox? _sandbox;

    /// <summary>Where the tools of the sandbox are looked for; null takes the reader's own default.</summary>
    internal string? SearchPath { get; init; }

    /// <exception cref="DocumentUnreadableException">This machine gives readers too few walls.</exception>
    public async Task<DocumentReader> GetAsync(CancellationToken cancellationToken)
    {
        await _making.WaitAsync(cancellationToken);
        try
        {
            _sandbox ??= await ProbeAsync(cancellationToken);
            if (MayReadWithoutWalls is false && MissingWall(_sandbox) is { } wall)
            {
                throw new DocumentUnreadableException(
                    ReadFailure.ReaderUnavailable,
                    $"This installation does not read files, because its readers lack a wall ({wall.Name}). Ask its operator "
                        + "to run chancery doctor, then retry."
                );
            }

            return _reader ??= new DocumentReader(Place(), _sandbox);
        }
        finally
        {
            _making.Release();
        }
    }

    /// <summary>The first wall without which a file's reader could do harm to others, or null.</summary>
    internal static SandboxWall? MissingWall(Sandbox sandbox) =>
        sandbox.Walls.FirstOrDefault(wall =>
            !wall.Stands
            && (wall.Name == WallNames.Network || (wall.Name == WallNames.User && Environment.IsPrivilegedProcess))
        );

    public async ValueTask DisposeAsync()
    {
        // Twice, where the host and the container both dispose of it.
        if (Interlocked.Exchange(ref _reader, null) is { } reader)
        {
            await reader.DisposeAsync();
        }

        _making.Dispose();
        Dispose();
    }

    /// <summary>Says at the start what readers are kept from, before the first file comes.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            await _making.WaitAsync(stoppingToken);
            try
            {
                _sandbox ??= await ProbeAsync(stoppingToken);
            }
            finally
            {
                _making.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped before it was known.
        }
    }

    /// <summary>What a reader that is no other user than the server could open: the data, and PostgreSQL's socket.</summary>
    private string[] HiddenFrom(ReaderOptions place)
    {
        if (Environment.IsPrivilegedProcess)
        {
            return [];
        }

        var socket = new NpgsqlConnectionStringBuilder(storage.AppConnectionString).Host;
        return
        [
            .. new[] { storage.DataDirectory, socket }
                .OfType<string>()
                .Where(path => Path.IsPathRooted(path) && Directory.Exists(path))
                // The reader's own program has to stay in sight.
                .Where(path => !place.ChildCommand.Any(part => part.StartsWith(path, StringComparison.Ordinal))),
        ];
    }

    private ReaderOptions Place()
    {
        var place = new ReaderProgram().Place() with
        {
            OcrLanguages = KnowledgeOptions.ParseLanguages(options.Value.OcrLanguages),
        };
        return SearchPath is null ? place : place with { SearchPath = SearchPath };
    }

    private bool MayReadWithoutWalls => environment.IsEnvironment("Local") || options.Value.ReadersWithoutWalls;

    private async Task<Sandbox> ProbeAsync(CancellationToken cancellationToken)
    {
        var place = Place();
        var sandbox = await Sandbox.ProbeAsync(place.SearchPath, cancellationToken, HiddenFrom(place));
        Log.WallsStand(logger, string.Join(", ", sandbox.Walls.Where(wall => wall.Stands).Select(wall => wall.Name)));
        foreach (var wall in sandbox.Walls.Where(wall => !wall.Stands))
        {
            Log.WallMissing(logger, wall.Name, wall.Missing!);
        }

        if (!MayReadWithoutWalls && MissingWall(sandbox) is { } needed)
        {
            Log.ReadingRefused(logger, needed.Name);
        }

        return sandbox;
    }
}
