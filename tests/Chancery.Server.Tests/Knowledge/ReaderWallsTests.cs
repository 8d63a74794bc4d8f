using Chancery.Documents;
using Chancery.Server.Commands;
using Chancery.Server.Commands.Doctor;
using Chancery.Server.Knowledge;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Secrets;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Tests.Knowledge;

/// <summary>A machine that gives a file's reader no walls: nothing is read there unless somebody wants it so.</summary>
public sealed class ReaderWallsTests : IDisposable
{
    private readonly DirectoryInfo _noTools = Directory.CreateTempSubdirectory();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Production", false, true)]
    [InlineData("Development", false, true)]
    [InlineData("Production", true, false)]
    [InlineData("Local", false, false)]
    public async Task Without_walls_nothing_is_read_but_on_a_persons_own_machine_or_by_choice(
        string environment,
        bool without,
        bool isRefused
    )
    {
        var log = new Lines();
        await using var readers = New(environment, without, log);

        var failure = await Record.ExceptionAsync(() => readers.GetAsync(Cancel));

        if (isRefused)
        {
            var refused = Assert.IsType<DocumentUnreadableException>(failure);
            Assert.Equal(ReadFailure.ReaderUnavailable, refused.Failure);
            Assert.Contains("chancery doctor", refused.Reason, StringComparison.Ordinal);
        }
        else
        {
            Assert.Null(failure);
        }

        Assert.Contains(log.Written, line => line.StartsWith("Warning: ", StringComparison.Ordinal));
        Assert.Contains(
            log.Written,
            line =>
                line.Contains(WallNames.Network, StringComparison.Ordinal)
                && line.Contains("util-linux", StringComparison.Ordinal)
        );
        Assert.Single(log.Written, line => line.StartsWith("Information: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Doctor_names_the_walls_of_the_reader_and_reads_a_text_behind_them()
    {
        var findings = await DoctorCommand.ExamineAsync(_noTools.FullName, 0, Cancel);

        var walls = Assert.Single(findings, finding => finding.Subject == "reader's walls");
        Assert.Contains(WallNames.Limits, walls.Found, StringComparison.Ordinal);
        Assert.Equal(Verdict.Good, Assert.Single(findings, finding => finding.Subject == "reading").Verdict);
    }

    public void Dispose() => _noTools.Delete(recursive: true);

    private Readers New(string environment, bool without, ILogger<Readers> log) =>
        new(
            new Storage("Host=nowhere", "nowhere", _noTools.FullName, new MasterKey(new byte[MasterKey.SizeBytes])),
            new HostingEnvironment { EnvironmentName = environment },
            Options.Create(new KnowledgeOptions { ReadersWithoutWalls = without }),
            log
        )
        {
            SearchPath = _noTools.FullName,
        };

    private sealed class Lines : ILogger<Readers>
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Written.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
