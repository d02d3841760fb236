"""What only Python 2 had. A program that is Python 2 by its syntax too is converted whole instead."""

from .rows import Gone, absent, modules, moved, moved_to, stand_ins

_SINCE = "Python 3.0"
_URLS = ("urlencode", "quote", "unquote", "quote_plus", "unquote_plus")

PYTHON_2 = (
    Gone("cPickle", _SINCE, "pickle", "pickle_names:"),
    *modules(_SINCE, urllib2="urllib.request", urlparse="urllib.parse", httplib="http.client"),
    *modules(_SINCE, ConfigParser="configparser", Queue="queue", Tkinter="tkinter", thread="_thread"),
    *modules(_SINCE, tkMessageBox="tkinter.messagebox", tkFileDialog="tkinter.filedialog", commands="subprocess"),
    *modules(_SINCE, copy_reg="copyreg", __builtin__="builtins", HTMLParser="html.parser", repr="reprlib"),
    *modules(_SINCE, htmlentitydefs="html.entities", Cookie="http.cookies", cookielib="http.cookiejar"),
    *modules(_SINCE, BaseHTTPServer="http.server", SimpleHTTPServer="http.server", SocketServer="socketserver"),
    *modules(_SINCE, UserDict="collections", UserList="collections", UserString="collections", anydbm="dbm"),
    *modules(_SINCE, xmlrpclib="xmlrpc.client", robotparser="urllib.robotparser", exceptions="builtins"),
    Gone("StringIO", _SINCE, "io", "string_io:"),
    Gone("cStringIO", _SINCE, "io", "string_io:"),
    *absent(_SINCE, "", "hashlib", "md5", "sha"),
    *absent(_SINCE, "", "the type set", "sets"),
    *moved_to(
        _SINCE, "urllib", "urllib.request", "urlretrieve", "urlopen", "URLopener", "FancyURLopener", "urlcleanup"
    ),
    *moved_to(_SINCE, "urllib", "urllib.parse", *_URLS),
    *moved(_SINCE, "itertools", izip="builtins.zip", imap="builtins.map", ifilter="builtins.filter"),
    *moved(_SINCE, "itertools", izip_longest="itertools.zip_longest", ifilterfalse="itertools.filterfalse"),
    *moved(_SINCE, "string", letters="string.ascii_letters", lowercase="string.ascii_lowercase"),
    *moved(_SINCE, "string", uppercase="string.ascii_uppercase"),
    *stand_ins(_SINCE, "string", "string_names", maketrans="str.maketrans", join="text.join", atoi="int", atof="float"),
    *stand_ins(_SINCE, "string", "string_names", replace="text.replace", split="text.split", strip="text.strip"),
    *stand_ins(
        _SINCE, "string", "string_names", upper="text.upper", lower="text.lower", zfill="text.zfill", find="text.find"
    ),
    *moved(_SINCE, "os", getcwdu="os.getcwd"),
    *moved(_SINCE, "sys", maxint="sys.maxsize"),
    *absent(_SINCE, "sys", "nothing: texts are Unicode", "setdefaultencoding"),
    *absent(_SINCE, "sys", "sys.exc_info()", "exc_clear", "exc_type", "exc_value"),
    *moved(_SINCE, "types", StringType="builtins.str", UnicodeType="builtins.str", ListType="builtins.list"),
    *moved(_SINCE, "types", IntType="builtins.int", LongType="builtins.int", FloatType="builtins.float"),
    *moved(_SINCE, "types", DictType="builtins.dict", TupleType="builtins.tuple", BooleanType="builtins.bool"),
    *moved(_SINCE, "types", ObjectType="builtins.object", FileType="io.IOBase", ClassType="builtins.type"),
    *stand_ins(_SINCE, "types", "string_names", StringTypes="(str, bytes)", NoneType="type(None)"),
    *moved(_SINCE, "operator", div="operator.truediv", isCallable="builtins.callable"),
    Gone("email.Utils", _SINCE, "email.utils", "=email.utils"),
    Gone("email.MIMEText", _SINCE, "email.mime.text", "=email.mime.text"),
)
