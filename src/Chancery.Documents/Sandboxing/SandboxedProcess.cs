using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Chancery.Documents;

/// <summary>A running reader. Disposing it ends it and waits until it is gone.</summary>
internal sealed class SandboxedProcess : IAsyncDisposable
{
    private const int MaxErrorCharacters = 8192;
    private const int PieceBytes = 64 * 1024;

    private readonly Process _process;
    private readonly StreamWriter _input;
    private readonly Task<string> _errors;
    private int _disposed;

    private SandboxedProcess(Process process)
    {
        _process = process;
        _input = process.StandardInput;
        _errors = ReadErrorsAsync(process.StandardError.BaseStream);
    }

    public Stream Output => _process.StandardOutput.BaseStream;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <exception cref="DocumentUnreadableException">It cannot be started at all.</exception>
    public static SandboxedProcess Start(ProcessStartInfo start)
    {
        try
        {
            return new SandboxedProcess(Process.Start(start)!);
        }
        catch (Win32Exception cause)
        {
            throw Failures.ReaderUnavailable("its reader cannot be started", cause);
        }
    }

    /// <summary>Copies a document to the reader and closes its input. A reader that stops listening is no error here.</summary>
    /// <exception cref="IOException">The document could not be read.</exception>
    public async Task SendAsync(Stream content, CancellationToken cancellationToken)
    {
        var buffer = new byte[PieceBytes];
        try
        {
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (!await TryWriteAsync(buffer.AsMemory(0, read), cancellationToken))
                {
                    return;
                }
            }
        }
        finally
        {
            CloseInput();
        }
    }

    /// <summary>
    /// False when it closed its input: it has what it wants, or has ended, which its exit code explains better; and when it was
    /// disposed meanwhile.
    /// </summary>
    public async ValueTask<bool> TryWriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _input.BaseStream.WriteAsync(bytes, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Tells it that nothing more comes.</summary>
    public void CloseInput()
    {
        try
        {
            _input.Close();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // What was buffered had no reader left, or who sends and who disposes close it at the same moment.
        }
    }

    /// <summary>Waits for the end; its output must have been read.</summary>
    public async Task<(int ExitCode, string Errors)> WaitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return (_process.ExitCode, await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It ended by itself.
        }

        await _process.WaitForExitAsync(CancellationToken.None);
        CloseInput();
        await _errors;
        _process.Dispose();
    }

    // Read to the end, so that a chatty reader never blocks, but only the beginning is kept.
    private static async Task<string> ReadErrorsAsync(Stream errors)
    {
        var kept = new StringBuilder();
        var buffer = new byte[4096];
        int read;
        while ((read = await errors.ReadAsync(buffer)) > 0)
        {
            if (kept.Length < MaxErrorCharacters)
            {
                kept.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
        }

        return kept.ToString();
    }
}
