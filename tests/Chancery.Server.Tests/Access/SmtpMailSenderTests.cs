using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Chancery.Server.Access.Mail;

namespace Chancery.Server.Tests.Access;

/// <summary>Letters by a mail server, played by the test.</summary>
public sealed class SmtpMailSenderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_letter_reaches_the_mail_server_whole()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var heard = HearAsync(server, refuses: false);
        var sender = new SmtpMailSender(AddressOf(server), "chancery@example.com");

        await sender.SendAsync(
            new Letter("olga@example.com", "Grüße", "A line.\n\nhttps://x.example/reset?token=abc"),
            Cancel
        );

        var said = await heard;
        Assert.Contains("MAIL FROM:<chancery@example.com>", said, StringComparison.Ordinal);
        Assert.Contains("RCPT TO:<olga@example.com>", said, StringComparison.Ordinal);
        Assert.Contains("/reset?token=abc", said, StringComparison.Ordinal);
        Assert.Contains("Auto-Submitted: auto-generated", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_refuses_and_one_that_is_not_there_are_faults_that_name_nobody()
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var heard = HearAsync(server, refuses: true);
        var address = AddressOf(server);
        var letter = new Letter("olga@example.com", "Subject", "Text");

        var refused = await Assert.ThrowsAsync<MailException>(() =>
            new SmtpMailSender(address, "chancery@example.com").SendAsync(letter, Cancel)
        );
        await heard;
        server.Stop();
        var gone = await Assert.ThrowsAsync<MailException>(() =>
            new SmtpMailSender(address, "chancery@example.com").SendAsync(letter, Cancel)
        );

        Assert.DoesNotContain("olga", refused.Message + gone.Message, StringComparison.Ordinal);
    }

    private static Uri AddressOf(TcpListener server) =>
        new(string.Create(CultureInfo.InvariantCulture, $"smtp://127.0.0.1:{((IPEndPoint)server.LocalEndpoint).Port}"));

    /// <summary>As much of SMTP (RFC 5321) as one letter takes.</summary>
    private static async Task<string> HearAsync(TcpListener server, bool refuses)
    {
        using var client = await server.AcceptTcpClientAsync(Cancel);
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.UTF8);
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false))
        {
            NewLine = "\r\n",
            AutoFlush = true,
        };
        var said = new StringBuilder();
        var isData = false;
        await writer.WriteLineAsync("220 test");
        while (await reader.ReadLineAsync(Cancel) is { } line)
        {
            said.AppendLine(line);
            if (isData)
            {
                if (line == ".")
                {
                    isData = false;
                    await writer.WriteLineAsync("250 taken");
                }

                continue;
            }

            var verb = line.Split(' ')[0].ToUpperInvariant();
            isData = verb == "DATA";
            await writer.WriteLineAsync(
                verb switch
                {
                    "DATA" => "354 go on",
                    "RCPT" when refuses => "550 nobody of that name",
                    "QUIT" => "221 bye",
                    _ => "250 test",
                }
            );
            if (verb == "QUIT")
            {
                break;
            }
        }

        return said.ToString();
    }
}
