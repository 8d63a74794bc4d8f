using System.CommandLine;
using System.Net;
using System.Text;
using System.Text.Json;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary>What the verbs that talk to a running server have in common.</summary>
internal sealed class RemoteCommand(ParseResult parsed, TextWriter output, ProgressLine line)
{
    public static readonly Option<string?> Server = new("--server")
    {
        Description =
            "The server's address; else CHANCERY_SERVER, else the one of the last login, else http://localhost:8000",
    };

    public static readonly Option<bool> Json = new("--json") { Description = "Print the outcome as JSON" };

    private static readonly JsonSerializerOptions Format = new(ChanceryClient.Json)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    public Credentials Credentials { get; } = new();

    public bool AsJson => parsed.GetValue(Json);

    public ProgressLine Line => line;

    public string? GivenServer => parsed.GetValue(Server);

    public T? Value<T>(Option<T> option) => parsed.GetValue(option);

    public T? Value<T>(Argument<T> argument) => parsed.GetValue(argument);

    public ServerSession Open() => ServerSession.Open(GivenServer, Credentials);

    public void PrintJson<T>(T outcome)
    {
        line.Dispose();
        output.WriteLine(JsonSerializer.Serialize(outcome, Format));
    }

    public void Print(string text)
    {
        line.Dispose();
        output.WriteLine(Safe(text));
    }

    /// <summary>A line whose parts look different on a terminal.</summary>
    public void Print(params IEnumerable<Piece> pieces)
    {
        line.Dispose();
        output.WriteLine(
            string.Concat(pieces.Select(piece => (piece with { Text = Safe(piece.Text) }).Write(Piece.AreColoursSeen)))
        );
    }

    /// <summary>Part of a line, as it comes.</summary>
    public void PrintPart(string text)
    {
        output.Write(Safe(text));
        output.Flush();
    }

    public void Say(string text) => line.Say(Safe(text));

    /// <summary>What documents hold is not for the terminal to obey: control characters become question marks.</summary>
    public static string Safe(string text)
    {
        if (!text.Any(letter => char.IsControl(letter) && letter is not ('\n' or '\t')))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length);
        foreach (var letter in text)
        {
            safe.Append(char.IsControl(letter) && letter is not ('\n' or '\t') ? '?' : letter);
        }

        return safe.ToString();
    }

    /// <summary>A verb with these arguments and options, and those that every one has.</summary>
    public static Command Verb(
        string name,
        string description,
        Func<RemoteCommand, CancellationToken, Task<int>> run,
        params IEnumerable<Symbol> symbols
    )
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols.Concat([Server, Json]))
        {
            if (symbol is Argument argument)
            {
                command.Arguments.Add(argument);
            }
            else
            {
                command.Options.Add((Option)symbol);
            }
        }

        Set(command, run);
        return command;
    }

    /// <summary>Runs a verb and turns how it ended into an exit code and one line.</summary>
    public static void Set(Command command, Func<RemoteCommand, CancellationToken, Task<int>> run) =>
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using var line = ProgressLine.OnStandardError(isWanted: true);
                var verb = new RemoteCommand(parsed, parsed.InvocationConfiguration.Output, line);
                try
                {
                    return await run(verb, cancellationToken);
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    line.Say("chancery: interrupted.");
                    return Exit.Interrupted;
                }
                catch (Exception exception) when (Ending(exception, verb) is var (code, text) && text.Length > 0)
                {
                    line.Say($"chancery: {Safe(text)}");
                    return code;
                }
            }
        );

    /// <summary>Whether trying again later may help.</summary>
    public static bool IsPassing(Exception exception) =>
        exception
            is HttpRequestException
                or HttpIOException
                or ChanceryException
                {
                    StatusCode: HttpStatusCode.TooManyRequests
                        or HttpStatusCode.ServiceUnavailable
                        or HttpStatusCode.BadGateway
                        or HttpStatusCode.GatewayTimeout
                }
                // An attempt that a killed server left behind holds its key for half a minute.
                or ChanceryException { Code: "idempotency-key-in-use" }
        || (exception is IOException && exception.InnerException is System.Net.Sockets.SocketException);

    private static (int Code, string Text) Ending(Exception exception, RemoteCommand verb) =>
        exception switch
        {
            RemoteException ours => (ours.ExitCode, ours.Message),
            ChanceryException { StatusCode: HttpStatusCode.Unauthorized } => (
                Exit.NotSignedIn,
                $"The server does not accept your credential. Sign in again: chancery login --server {verb.Address()}."
            ),
            ChanceryException { Code: "unreadable" } odd => (
                Exit.Failed,
                $"{odd.Message} Is {verb.Address()} a Chancery server?"
            ),
            ChanceryException refused => (Exit.Failed, refused.Message),
            HttpRequestException or HttpIOException => (Exit.Unreachable, verb.Unreachable(exception)),
            IOException or UnauthorizedAccessException => (Exit.Failed, exception.Message),
            _ => (Exit.Failed, ""),
        };

    public string Unreachable(Exception exception) =>
        $"The server at {Address()} cannot be reached ({exception.Message.TrimEnd('.')}). Is it running? --server names another.";

    private string Address() => ServerSession.AddressOf(GivenServer, Credentials);
}
