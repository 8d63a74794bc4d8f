namespace Chancery.Server.Platform.Engines;

/// <summary>Who an engine runs as: ourselves, or, when we are root, an unprivileged user of the system.</summary>
internal sealed record EngineUser(string Name, uint UserId, uint GroupId)
{
    /// <summary>True when the engine must change to this user; PostgreSQL refuses to run as root.</summary>
    public bool IsOther => UserId != Posix.UserId;

    /// <summary>
    /// The owner of data that is already there, else ourselves, else the first of <paramref name="names"/> that exists.
    /// </summary>
    public static EngineUser Choose(string existingData, params ReadOnlySpan<string> names)
    {
        if (!Posix.IsRoot)
        {
            return new EngineUser(Environment.UserName, Posix.UserId, 0);
        }

        var users = ReadUsers();

        if (Posix.OwnerOf(existingData) is { UserId: not 0, IsDirectory: true } owner)
        {
            var known = users.FirstOrDefault(user => user.UserId == owner.UserId);
            return known ?? new EngineUser($"#{owner.UserId}", owner.UserId, owner.GroupId);
        }

        foreach (var name in names)
        {
            if (users.FirstOrDefault(user => user.Name == name && user.UserId != 0) is { } found)
            {
                return found;
            }
        }

        throw new EngineException(
            $"PostgreSQL and Redis must not run as root, and this machine has no user to run them as "
                + $"(looked for {string.Join(", ", names.ToArray())}): useradd --system --shell /usr/sbin/nologin chancery"
        );
    }

    /// <summary>Arguments for <c>setpriv</c> that make a program run as this user and never as more.</summary>
    public IEnumerable<string> SetprivArguments(string parentDeathSignal)
    {
        yield return "--pdeathsig";
        yield return parentDeathSignal;
        yield return "--no-new-privs";

        if (IsOther)
        {
            yield return $"--reuid={UserId}";
            yield return $"--regid={GroupId}";
            yield return "--clear-groups";
        }
    }

    /// <summary>Makes a directory that only this user may enter, or puts right the owner and mode of one that is there.</summary>
    public void MakePrivateDirectory(string path)
    {
        Posix.MakePrivateDirectory(path);

        if (IsOther)
        {
            Posix.Give(path, UserId, GroupId);
        }

        if (Posix.OwnerOf(path) is { } owner && owner.UserId != UserId)
        {
            throw new EngineException(
                $"{path} belongs to user {owner.UserId}, not to {Name}: start the server as that user or as root"
            );
        }

        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Writes a file that only this user, and root, may read.</summary>
    public void WritePrivateFile(string path, string content)
    {
        PrivateFile.Write(path, content);

        if (IsOther)
        {
            Posix.Give(path, UserId, GroupId);
        }
    }

    private static List<EngineUser> ReadUsers() =>
        File.ReadLines("/etc/passwd")
            .Select(line => line.Split(':'))
            .Where(fields => fields.Length >= 4)
            .Select(fields => new EngineUser(
                fields[0],
                uint.TryParse(fields[2], out var user) ? user : 0,
                uint.TryParse(fields[3], out var group) ? group : 0
            ))
            .ToList();
}
