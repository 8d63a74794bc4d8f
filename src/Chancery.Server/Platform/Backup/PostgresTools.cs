using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Chancery.Server.Platform.Engines;
using Npgsql;

namespace Chancery.Server.Platform.Backup;

/// <summary>The machine's <c>pg_dump</c> and <c>pg_restore</c>.</summary>
internal sealed partial record PostgresTools(string Directory, int Major)
{
    /// <summary>Tools that understand a server of a major version: the same version, or else the nearest newer one.</summary>
    /// <exception cref="BackupException">There are none; names the package.</exception>
    public static async Task<PostgresTools> FindAsync(int serverMajor, CancellationToken cancellationToken)
    {
        var found = new List<PostgresTools>();
        foreach (var directory in Directories())
        {
            if (await MajorOfAsync(directory, cancellationToken) is { } major)
            {
                found.Add(new PostgresTools(directory, major));
            }
        }

        return found.Where(tools => tools.Major >= serverMajor).MinBy(tools => tools.Major)
            ?? throw new BackupException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"pg_dump and pg_restore of PostgreSQL {serverMajor} or newer are needed and this machine has {(found.Count == 0 ? "none" : string.Join(", ", found.Select(tools => tools.Major)))}: apt-get install postgresql-client-{serverMajor}."
                )
            );
    }

    /// <summary>Starts one of the tools, connected to a database. Secrets go by the environment, never by an argument.</summary>
    public Process Start(string tool, string connectionString, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Directory, tool), arguments)
        {
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardErrorEncoding = Encoding.UTF8,
        };
        EngineProcess.ClearEnvironment(start);
        var to = new NpgsqlConnectionStringBuilder(connectionString);
        Set(start, "PGHOST", to.Host);
        Set(start, "PGPORT", to.Port.ToString(CultureInfo.InvariantCulture));
        Set(start, "PGUSER", to.Username);
        Set(start, "PGPASSWORD", to.Password);
        Set(start, "PGDATABASE", to.Database);
        Set(start, "PGAPPNAME", "chancery backup");
        Set(start, "PGSSLROOTCERT", to.RootCertificate);
        Set(start, "PGSSLCERT", to.SslCertificate);
        Set(start, "PGSSLKEY", to.SslKey);
        Set(
            start,
            "PGSSLMODE",
            to.SslMode switch
            {
                SslMode.Disable => "disable",
                SslMode.Allow => "allow",
                SslMode.Require => "require",
                SslMode.VerifyCA => "verify-ca",
                SslMode.VerifyFull => "verify-full",
                _ => "prefer",
            }
        );
        return Process.Start(start)!;
    }

    private static void Set(ProcessStartInfo start, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            start.Environment[name] = value;
        }
    }

    private static IEnumerable<string> Directories()
    {
        var searched =
            Environment.GetEnvironmentVariable("PATH")?.Split(':', StringSplitOptions.RemoveEmptyEntries) ?? [];
        string[] packaged = ["/usr/lib/postgresql", "/usr/local/lib/postgresql"];
        return packaged
            .Where(System.IO.Directory.Exists)
            .SelectMany(System.IO.Directory.GetDirectories)
            .Select(directory => Path.Combine(directory, "bin"))
            .Append("/usr/local/pgsql/bin")
            .Concat(PostgresBinaries.FindAll().Select(binaries => binaries.Directory))
            .Concat(searched)
            .Distinct()
            .Where(directory =>
                File.Exists(Path.Combine(directory, "pg_dump")) && File.Exists(Path.Combine(directory, "pg_restore"))
            );
    }

    private static async Task<int?> MajorOfAsync(string directory, CancellationToken cancellationToken)
    {
        using var process = Process.Start(
            new ProcessStartInfo(Path.Combine(directory, "pg_dump"), "--version") { RedirectStandardOutput = true }
        )!;
        // pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)
        var said = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        return SaidVersion().Match(said) is { Success: true } version
            ? int.Parse(version.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : null;
    }

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex SaidVersion();
}
